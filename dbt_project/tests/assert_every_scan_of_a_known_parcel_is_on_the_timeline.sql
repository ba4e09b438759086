with scanned as (
    select coalesce(sum(shipments.scans_count), 0) as scans_count
    from {{ ref('shipments') }} as shipments
),

told as (
    select count(*) as scans_count
    from {{ ref('int_order_events') }} as events
    where events.feed = 'tracking'
)

select
    scanned.scans_count as expected_count,
    told.scans_count as found_count
from scanned
cross join told
where scanned.scans_count <> told.scans_count
