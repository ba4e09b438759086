{#
  Parcels with carrier scans but without a shipment. A label may be printed a week before the parcel leaves, and a scan
  may arrive before its shipment; both join the shipment when it arrives. If a shipment has the number under another
  carrier, the carrier's label was renamed.
#}
with tracking as (
    select * from {{ ref('stg_tracking') }}
),

shipments as (
    select * from {{ ref('stg_shipments') }}
    where is_current
),

numbered_scans as (
    select * from {{ ref('int_numbered_scans_matched') }}
),

coverage as (
    select * from {{ ref('int_coverage') }}
),

unmatched as (
    select
        tracking.scan_key,
        tracking.shipment_id,
        tracking.carrier,
        tracking.carrier_word,
        tracking.tracking_number,
        tracking.status,
        tracking.occurred_at,
        tracking._source
    from tracking
    inner join coverage
        on
            tracking._source = coverage.source
            and coverage.feed = 'shipments'
            and coverage.is_tracked
    where
        tracking.is_current
        and not exists (select 1 from shipments where shipments.shipment_id = tracking.shipment_id)
        and not exists (
            select 1 from numbered_scans
            where
                tracking.shipment_id is null
                and numbered_scans.carrier = tracking.carrier
                and numbered_scans.tracking_number = tracking.tracking_number
                and numbered_scans.status = tracking.status
                and numbered_scans.occurred_at = tracking.occurred_at
        )
),

namesakes as (
    select
        unmatched.scan_key,
        shipments.order_id,
        shipments.carrier,
        row_number() over (
            partition by unmatched.scan_key
            order by shipments.shipped_at desc nulls last, shipments.shipment_id, shipments.line_id
        ) as namesake_number
    from unmatched
    inner join shipments
        on
            unmatched.tracking_number = shipments.tracking_number
            and unmatched.occurred_at >= {{ add_days('shipments.shipped_at', -7) }}
            and unmatched.occurred_at <= {{ add_days('shipments.shipped_at', 90) }}
    where
        unmatched.shipment_id is null
        and shipments.carrier <> unmatched.carrier
),

parcels as (
    select
        unmatched.scan_key,
        min(unmatched.carrier_word) as carrier_word,
        min(unmatched.tracking_number) as tracking_number,
        min(unmatched._source) as _source,
        count(*) as scans_count,
        min(
            case
                when unmatched.status = 'label_created' then {{ add_days('unmatched.occurred_at', 7) }}
                else unmatched.occurred_at
            end
        ) as opened_at
    from unmatched
    group by unmatched.scan_key
),

final as (
    select
        parcels.scan_key,
        namesakes.order_id,
        parcels.carrier_word,
        parcels.tracking_number,
        namesakes.carrier as shipment_carrier,
        cast(parcels.scans_count as {{ dbt.type_bigint() }}) as scans_count,
        parcels.opened_at,
        parcels._source
    from parcels
    left join namesakes
        on
            parcels.scan_key = namesakes.scan_key
            and namesakes.namesake_number = 1
)

select * from final
