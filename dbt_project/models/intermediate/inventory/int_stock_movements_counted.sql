{#
  Counts of stock. A count is stored as the difference between the counted level and the movements, so quantities up to an
  instant add up to the level in any order of arrival.
#}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='ephemeral', step_of='int_stock_movements') }}
-- depends_on: {{ ref('int_touched_skus') }}

with stock as (
    select * from {{ ref('stg_stock') }}
    where
        is_current
        and kind = 'count'
        and sku is not null
        and {{ is_touched('sku', touched) }}
),

recorded as (
    select * from {{ ref('int_stock_movements_recorded') }}
),

shipped as (
    select * from {{ ref('int_stock_movements_shipped') }}
),

restocked as (
    select * from {{ ref('int_stock_movements_restocked') }}
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
latest_counts as (
    select stock.*
    from stock
    qualify row_number() over (
        partition by stock.sku, stock.warehouse_id, stock.occurred_at
        order by {{ stock_content_hash('stock') }} desc nulls last
    ) = 1
),

counts as (
    select latest_counts.*
    from latest_counts
    inner join coverage on latest_counts._source = coverage.source
    where not exists (
        select 1 from products
        where products.sku = latest_counts.sku and products.kind = 'service'
    )
),

levels as (
    {% for movements in ['recorded', 'shipped', 'restocked'] -%}
    select
        {{ movements }}.sku,
        {{ movements }}.warehouse_id,
        {{ movements }}.occurred_at,
        {{ movements }}.quantity,
        cast(null as {{ dbt.type_string() }}) as movement_id
    from {{ movements }}
    where {{ movements }}.sku in (select counts.sku from counts)
    union all
    {% endfor -%}
    select
        counts.sku,
        counts.warehouse_id,
        counts.occurred_at,
        0 as quantity,
        counts.movement_id
    from counts
),

-- Level from the movements up to and at the instant of a count.
moved as (
    select
        levels.movement_id,
        sum(levels.quantity) over (
            partition by levels.sku, levels.warehouse_id
            order by levels.occurred_at
            range between unbounded preceding and current row
        ) as moved_quantity
    from levels
    qualify levels.movement_id is not null
),

unexplained as (
    select
        counts.*,
        counts.quantity - moved.moved_quantity as unexplained_quantity
    from counts
    inner join moved on counts.movement_id = moved.movement_id
),

-- A count explains its difference from the movements, less the difference that the previous count explains.
final as (
    select
        cast(unexplained.sku as {{ dbt.type_string() }}) as sku,
        cast(unexplained.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        unexplained.kind,
        unexplained.movement_id as document_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        unexplained.reference,
        cast(unexplained.unexplained_quantity - coalesce(lag(unexplained.unexplained_quantity) over (
            partition by unexplained.sku, unexplained.warehouse_id order by unexplained.occurred_at
        ), 0) as {{ dbt.type_bigint() }}) as quantity,
        cast(unexplained.quantity as {{ dbt.type_bigint() }}) as counted_quantity,
        {{ business_date('unexplained.occurred_at') }} as business_date,
        unexplained.occurred_at,
        unexplained._file_id,
        unexplained._record,
        unexplained._source
    from unexplained
)

select * from final
