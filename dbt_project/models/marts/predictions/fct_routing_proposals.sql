{#
  Proposals of the last run of routing that still hold: the line still has as many undecided units, and its warehouse the stock.
#}
with proposals as (
    select * from {{ source('predictions', 'routing_proposals') }}
),

runs as (
    select * from {{ ref('fct_prediction_runs') }}
    where
        predictor = 'routing'
        and is_latest
),

open_lines as (
    select * from {{ ref('int_routing_lines') }}
),

stock as (
    select * from {{ ref('int_routing_stock') }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

latest as (
    select
        proposals.*,
        runs.origin_at,
        open_lines.quantity as undecided_quantity,
        sum(proposals.quantity) over (partition by proposals.order_id, proposals.line_id) as line_quantity,
        sum(proposals.quantity) over (
            partition by proposals.sku, proposals.warehouse_id
            order by open_lines.queue_number
            rows between unbounded preceding and current row
        ) as quantity_so_far
    from proposals
    inner join runs on proposals.run_id = runs.run_id
    inner join open_lines
        on
            proposals.order_id = open_lines.order_id
            and proposals.line_id = open_lines.line_id
            and proposals.sku = open_lines.sku
),

final as (
    select
        cast(latest.order_id as {{ dbt.type_string() }}) as order_id,
        cast(latest.line_id as {{ dbt.type_string() }}) as line_id,
        cast(latest.sku as {{ dbt.type_string() }}) as sku,
        cast(latest.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        order_lines.channel,
        cast(latest.ship_country as {{ dbt.type_string() }}) as ship_country,
        cast(latest.policy as {{ dbt.type_string() }}) as policy,
        cast(latest.reason as {{ dbt.type_string() }}) as reason,
        order_lines.source,
        cast(latest.quantity as {{ dbt.type_bigint() }}) as quantity,
        cast(latest.undecided_quantity as {{ dbt.type_bigint() }}) as undecided_quantity,
        stock.available_quantity,
        cast(latest.parcels_count as {{ dbt.type_bigint() }}) as parcels_count,
        cast(latest.cost_amount_reporting as {{ money_type() }}) as cost_amount_reporting,
        cast(latest.hours_p90 as double) as hours_p90,
        cast(latest.hours_left as double) as hours_left,
        cast({{ ratio('stock.available_quantity', 'stock.demand_per_day') }} as double) as cover_days,
        cast(latest.gap_rate as double) as gap_rate,
        cast(latest.is_within_promise as {{ dbt.type_boolean() }}) as is_within_promise,
        order_lines.placed_at,
        cast(latest.origin_at as {{ dbt.type_timestamp() }}) as origin_at
    from latest
    inner join stock
        on
            latest.sku = stock.sku
            and latest.warehouse_id = stock.warehouse_id
            and stock.available_quantity >= latest.quantity_so_far
    inner join order_lines
        on
            latest.order_id = order_lines.order_id
            and latest.line_id = order_lines.line_id
    where latest.line_quantity <= latest.undecided_quantity
)

select * from final
