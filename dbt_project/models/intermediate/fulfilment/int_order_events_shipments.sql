{{ config(materialized='ephemeral', step_of='int_order_events') }}

with parcels as (
    select * from {{ ref('int_parcels_compared') }}
),

final as (
    select
        parcels.order_id,
        parcels.shipped_at as occurred_at,
        400 as event_rank,
        'shipments' as feed,
        'shipped' as event,
        parcels.shipment_id as reference,
        parcels.line_id,
        parcels.quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        parcels.sku as detail,
        coalesce(parcels.warehouse_id, parcels._source) as actor,
        parcels._file_id,
        parcels._record,
        parcels._source
    from parcels
)

select * from final
