{#
  Everything that moves a SKU's level at a warehouse, signed. A count is stored as the gap it explains, so that the sum of
  quantities up to an instant is the level at that instant, whatever arrived in which order.
#}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='sku', touched=touched) }}

with stock as (
    select * from {{ ref('stg_stock') }}
    where is_current and {{ is_touched('sku', touched) }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
    where {{ is_touched('sku', touched) }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
    where restocked_quantity > 0
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
    where is_current and status = 'restocked'
),

orders as (
    select * from {{ ref('stg_orders') }}
    where is_current
),

products as (
    select * from {{ ref('stg_products') }}
    where is_current
),

coverage as (
    select * from {{ ref('int_coverage') }}
    where feed = 'stock' and is_tracked
),

-- Of counts at one instant the greatest content hash counts; the others explain nothing.
overruled_counts as (
    select stock.movement_id
    from stock
    where stock.kind = 'count'
    qualify row_number() over (
        partition by stock.sku, stock.warehouse_id, stock.occurred_at
        order by {{ stock_content_hash('stock') }} desc nulls last
    ) > 1
),

stock_movements as (
    select
        stock.sku,
        stock.warehouse_id,
        stock.kind,
        stock.movement_id as document_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        stock.reference,
        case
            when stock.kind = 'count' then 0
            when stock.kind = 'transfer_out' then -stock.quantity
            else stock.quantity
        end as quantity,
        case when stock.kind = 'count' then stock.quantity end as counted_quantity,
        stock.occurred_at,
        stock._file_id,
        stock._record,
        stock._source
    from stock
    inner join coverage on stock._source = coverage.source
    left join overruled_counts on stock.movement_id = overruled_counts.movement_id
    where
        stock.kind in ('receipt', 'adjustment', 'transfer_in', 'transfer_out', 'count')
        and overruled_counts.movement_id is null
),

-- A shipment is tracked for stock as its order is; one without an order, as its own source.
tracked_shipment_lines as (
    select
        shipment_lines.sku,
        coalesce(shipment_lines.warehouse_id, 'unassigned') as warehouse_id,
        shipment_lines.shipment_id,
        shipment_lines.line_id,
        shipment_lines.order_id,
        shipment_lines.quantity,
        shipment_lines.shipped_at,
        shipment_lines.cancelled_at,
        shipment_lines._file_id,
        shipment_lines._record,
        shipment_lines._source
    from shipment_lines
    left join orders on shipment_lines.order_id = orders.order_id
    inner join coverage on coalesce(orders._source, shipment_lines._source) = coverage.source
    where not coalesce(orders.is_test, false)
),

shipped as (
    select
        tracked_shipment_lines.sku,
        tracked_shipment_lines.warehouse_id,
        'shipment' as kind,
        tracked_shipment_lines.shipment_id as document_id,
        tracked_shipment_lines.line_id,
        tracked_shipment_lines.order_id,
        cast(null as {{ dbt.type_string() }}) as reference,
        -tracked_shipment_lines.quantity as quantity,
        cast(null as {{ dbt.type_bigint() }}) as counted_quantity,
        tracked_shipment_lines.shipped_at as occurred_at,
        tracked_shipment_lines._file_id,
        tracked_shipment_lines._record,
        tracked_shipment_lines._source
    from tracked_shipment_lines
),

unshipped as (
    select
        tracked_shipment_lines.sku,
        tracked_shipment_lines.warehouse_id,
        'unshipment' as kind,
        tracked_shipment_lines.shipment_id as document_id,
        tracked_shipment_lines.line_id,
        tracked_shipment_lines.order_id,
        cast(null as {{ dbt.type_string() }}) as reference,
        tracked_shipment_lines.quantity,
        cast(null as {{ dbt.type_bigint() }}) as counted_quantity,
        tracked_shipment_lines.cancelled_at as occurred_at,
        tracked_shipment_lines._file_id,
        tracked_shipment_lines._record,
        tracked_shipment_lines._source
    from tracked_shipment_lines
    where tracked_shipment_lines.cancelled_at is not null
),

-- A return that names no SKU brings back the SKU of its order line.
restocked_lines as (
    select
        coalesce(returns.sku, return_lines.sku, order_lines.sku) as sku,
        coalesce(returns.warehouse_id, return_lines.warehouse_id, 'unassigned') as warehouse_id,
        returns.return_id,
        returns.line_id,
        return_lines.order_id,
        returns.quantity,
        returns.occurred_at,
        returns._file_id,
        returns._record,
        returns._source
    from returns
    inner join return_lines
        on
            returns.return_id = return_lines.return_id
            and returns.line_id = return_lines.line_id
    left join order_lines
        on
            return_lines.order_id = order_lines.order_id
            and return_lines.line_id = order_lines.line_id
),

restocked as (
    select
        restocked_lines.sku,
        restocked_lines.warehouse_id,
        'restock' as kind,
        restocked_lines.return_id as document_id,
        restocked_lines.line_id,
        restocked_lines.order_id,
        cast(null as {{ dbt.type_string() }}) as reference,
        restocked_lines.quantity,
        cast(null as {{ dbt.type_bigint() }}) as counted_quantity,
        restocked_lines.occurred_at,
        restocked_lines._file_id,
        restocked_lines._record,
        restocked_lines._source
    from restocked_lines
    left join orders on restocked_lines.order_id = orders.order_id
    inner join coverage on coalesce(orders._source, restocked_lines._source) = coverage.source
    where
        not coalesce(orders.is_test, false)
        and {{ is_touched('restocked_lines.sku', touched) }}
),

movements as (
    select * from stock_movements
    union all
    select * from shipped
    union all
    select * from unshipped
    union all
    select * from restocked
),

goods_movements as (
    select movements.*
    from movements
    where
        movements.sku is not null
        and not exists (
            select 1 from products
            where products.sku = movements.sku and products.kind = 'service'
        )
),

-- What a count says beyond the movements up to and at its own instant…
counts as (
    select
        running.*,
        running.counted_quantity - running.moved_quantity as unexplained_quantity
    from (
        select
            goods_movements.*,
            sum(goods_movements.quantity) over (
                partition by goods_movements.sku, goods_movements.warehouse_id
                order by goods_movements.occurred_at
                range between unbounded preceding and current row
            ) as moved_quantity
        from goods_movements
    ) as running
    where running.kind = 'count'
),

-- … less what the count before it has explained already.
count_adjustments as (
    select
        counts.sku,
        counts.warehouse_id,
        counts.kind,
        counts.document_id,
        counts.line_id,
        counts.order_id,
        counts.reference,
        counts.unexplained_quantity - coalesce(lag(counts.unexplained_quantity) over (
            partition by counts.sku, counts.warehouse_id order by counts.occurred_at
        ), 0) as quantity,
        counts.counted_quantity,
        counts.occurred_at,
        counts._file_id,
        counts._record,
        counts._source
    from counts
),

all_movements as (
    select * from goods_movements
    where goods_movements.kind <> 'count'
    union all
    select * from count_adjustments
),

final as (
    select
        cast(all_movements.sku as {{ dbt.type_string() }}) as sku,
        cast(all_movements.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        all_movements.kind,
        all_movements.document_id,
        all_movements.line_id,
        all_movements.order_id,
        all_movements.reference,
        cast(all_movements.quantity as {{ dbt.type_bigint() }}) as quantity,
        cast(all_movements.counted_quantity as {{ dbt.type_bigint() }}) as counted_quantity,
        {{ business_date('all_movements.occurred_at') }} as business_date,
        all_movements.occurred_at,
        all_movements._file_id,
        all_movements._record,
        all_movements._source,
        {{ this_batch() }} as _batch_id
    from all_movements
)

select * from final
