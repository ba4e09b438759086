{#- Carrier and warehouse of the parcels of each order, `several` if they differ. -#}
with shipments as (
    select * from {{ ref('int_shipments') }}
    where order_id is not null and not is_cancelled
),

final as (
    select
        shipments.order_id,
        {% for column, dimension in [('carrier', 'carrier'), ('warehouse_id', 'warehouse')] -%}
        case
            when count(shipments.{{ column }}) = 0 then 'unknown'
            when min(coalesce(shipments.{{ column }}, '')) = max(coalesce(shipments.{{ column }}, ''))
                then min(shipments.{{ column }})
            else 'several'
        end as {{ dimension }}{{ ',' if not loop.last }}
        {% endfor -%}
    from shipments
    group by shipments.order_id
)

select * from final
