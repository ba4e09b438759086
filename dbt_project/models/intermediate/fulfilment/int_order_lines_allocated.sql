{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with order_lines as (
    select * from {{ ref('int_order_lines') }}
),

line_allocations as (
    select * from {{ ref('int_line_allocations') }}
),

allocations as (
    select
        line_allocations.order_id,
        line_allocations.line_id,
        sum(line_allocations.allocated_quantity) as allocated_quantity
    from line_allocations
    group by line_allocations.order_id, line_allocations.line_id
),

allocated as (
    select
        order_lines.*,
        least(coalesce(allocations.allocated_quantity, 0), order_lines.open_quantity) as allocated_stock_quantity,
        case
            when order_lines.is_held then 'held'
            when not order_lines.requires_stock then 'allocated'
            when not order_lines.is_stock_tracked then 'not_tracked'
            else 'split'
        end as open_as
    from order_lines
    left join allocations
        on
            order_lines.order_id = allocations.order_id
            and order_lines.line_id = allocations.line_id
    where {{ is_touched('order_lines.order_id', touched) }}
),

final as (
    select
        allocated.order_id,
        allocated.line_id,
        allocated.sku,
        allocated.warehouse_id,
        allocated.seller_id,
        allocated._source as source,
        allocated.channel,
        allocated.currency,
        allocated.ordered_quantity,
        allocated.shipped_quantity,
        allocated.lost_quantity,
        allocated.carrier_returned_quantity,
        allocated.delivered_quantity,
        allocated.returned_quantity,
        allocated.cancelled_quantity,
        allocated.open_quantity,
        cast(case when allocated.open_as = 'held' then allocated.open_quantity else 0 end as {{ dbt.type_bigint() }})
            as held_quantity,
        cast(
            case
                when allocated.open_as = 'allocated' then allocated.open_quantity
                when allocated.open_as = 'split' then allocated.allocated_stock_quantity
                else 0
            end as {{ dbt.type_bigint() }}
        ) as allocated_quantity,
        cast(
            case
                when allocated.open_as = 'split' then allocated.open_quantity - allocated.allocated_stock_quantity
                else 0
            end as {{ dbt.type_bigint() }}
        ) as backordered_quantity,
        cast(case when allocated.open_as = 'not_tracked' then allocated.open_quantity else 0 end as {{ dbt.type_bigint() }})
            as not_tracked_quantity,
        allocated.unit_price_amount,
        allocated.ordered_gross_amount,
        allocated.ordered_discount_amount,
        allocated.ordered_net_amount,
        allocated.ordered_tax_amount,
        allocated.gross_amount,
        allocated.discount_amount,
        allocated.net_amount,
        allocated.tax_amount,
        allocated.returned_net_amount,
        allocated.returned_tax_amount,
        allocated.is_gift_card,
        allocated.requires_shipping,
        allocated.is_service,
        allocated.is_over_shipped,
        allocated.is_stock_tracked,
        allocated.is_shipment_tracked,
        allocated.promise_is_date_only,
        allocated.has_arrived,
        allocated.was_late,
        allocated.placed_date,
        allocated.placed_at,
        allocated.first_shipped_at,
        allocated.last_shipped_at,
        allocated.delivered_at,
        allocated.first_promised_at,
        allocated.first_promise_ends_at,
        allocated.current_promised_at,
        allocated.late_at,
        allocated.cancelled_at,
        allocated.updated_at,
        allocated._file_id,
        allocated._record,
        allocated._source,
        {{ this_batch() }} as _batch_id
    from allocated
)

select * from final
