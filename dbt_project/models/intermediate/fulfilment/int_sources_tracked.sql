{{ config(materialized='ephemeral') }}

with coverage as (
    select * from {{ ref('int_coverage') }}
),

final as (
    select
        coverage.source,
        max(case when coverage.feed = 'order_lines' and coverage.is_tracked then 1 else 0 end) = 1 as is_line_tracked,
        max(case when coverage.feed = 'payments' and coverage.is_tracked then 1 else 0 end) = 1 as is_paid_tracked,
        max(case when coverage.feed = 'shipments' and coverage.is_tracked then 1 else 0 end) = 1 as is_shipment_tracked,
        max(case when coverage.feed = 'tracking' and coverage.is_tracked then 1 else 0 end) = 1 as is_scan_tracked,
        max(case when coverage.feed = 'returns' and coverage.is_tracked then 1 else 0 end) = 1 as is_return_tracked,
        max(case when coverage.feed = 'stock' and coverage.is_tracked then 1 else 0 end) = 1 as is_stock_covered
    from coverage
    group by coverage.source
)

select * from final
