with final as (
    select * from {{ published_ref('shipment_states') }}
)

select * from final
