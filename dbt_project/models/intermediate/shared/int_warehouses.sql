{#
  Warehouses that a feed names. Routes are left out: a route to a misspelt warehouse must not make it known. `_batch_id` is that of
  the first row that names it, by which older routes to it are judged again.
#}
with order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

shipments as (
    select * from {{ ref('stg_shipments') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

stock as (
    select * from {{ ref('stg_stock') }}
),

inbound as (
    select * from {{ ref('stg_inbound') }}
),

named as (
    {% for feed in ['order_lines', 'shipments', 'returns', 'stock', 'inbound'] -%}
    select
        {{ feed }}.warehouse_id,
        {{ feed }}._batch_id
    from {{ feed }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

final as (
    select
        named.warehouse_id,
        min(named._batch_id) as _batch_id
    from named
    where named.warehouse_id is not null
    group by named.warehouse_id
)

select * from final
