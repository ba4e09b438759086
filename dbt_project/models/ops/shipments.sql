with final as (
    select * from {{ published_ref('int_shipment_states') }}
)

select * from final
