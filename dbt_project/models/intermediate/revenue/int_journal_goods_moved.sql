{#
  Units of goods that are sold, come back to stock or are credited, by the shipped recognition clock, with the SKU and day of their
  cost. Of revised lines the units from a day on are positive, those until then are taken back.
#}
{%- set touched = ['int_journal_subjects'] -%}
{{ config(materialized='ephemeral', step_of='int_journal') }}
-- depends_on: {{ ref('int_journal_subjects') }}

with sales as (
    select * from {{ ref('int_revenue_sales') }}
    where
        event_kind = 'sale'
        and shipped_date is not null
        and {{ is_touched('order_id', touched, key='subject_id') }}
),

returns as (
    select * from {{ ref('int_revenue_returns') }}
    where
        recognition_clock = 'shipped'
        and event_kind in ('return', 'credit_note')
        and {{ is_touched('subject_id', touched) }}
),

revisions as (
    select * from {{ ref('int_journal_revisions') }}
    where
        sku is not null
        and {{ is_touched('order_id', touched, key='subject_id') }}
),

revised_lines as (
    select distinct
        revisions.order_id,
        revisions.line_id,
        case when revisions.return_id is null then 'sale' else 'return' end as event_kind
    from revisions
),

recognised as (
    select
        sales.order_id as subject_id,
        sales.event_kind,
        sales.order_id,
        cast(null as {{ dbt.type_string() }}) as return_id,
        sales.line_id,
        sales.shipment_id,
        sales.sku,
        sales.currency,
        sales.placed_date as cost_date,
        sales.goods_quantity as cost_quantity,
        sales.shipped_date as business_date
    from sales
    union all
    select
        returns.subject_id,
        returns.event_kind,
        returns.order_id,
        returns.return_id,
        returns.line_id,
        cast(null as {{ dbt.type_string() }}) as shipment_id,
        returns.sku,
        returns.currency,
        returns.cost_date,
        -returns.restocked_quantity as cost_quantity,
        returns.business_date
    from returns
),

final as (
    select
        recognised.subject_id,
        concat(
            recognised.event_kind, ':', coalesce(recognised.return_id, recognised.order_id), ':',
            coalesce(recognised.line_id, ''), ':', coalesce(recognised.shipment_id, ''), ':',
            cast(recognised.business_date as {{ dbt.type_string() }})
        ) as entry_id,
        recognised.event_kind as entry_kind,
        recognised.order_id,
        recognised.return_id,
        recognised.sku,
        recognised.currency,
        recognised.cost_date,
        recognised.cost_quantity,
        recognised.business_date
    from recognised
    where
        not exists (
            select 1 from revised_lines
            where
                revised_lines.order_id = recognised.order_id
                and revised_lines.line_id = recognised.line_id
                and revised_lines.event_kind = recognised.event_kind
        )
    {% for quantity, sign in [('goods_quantity', ''), ('earlier_goods_quantity', '-')] -%}
    union all
    select
        revisions.order_id as subject_id,
        revisions.entry_id,
        revisions.entry_kind,
        revisions.order_id,
        revisions.return_id,
        revisions.sku,
        revisions.currency,
        revisions.placed_date as cost_date,
        {{ sign }}revisions.{{ quantity }} as cost_quantity,
        revisions.business_date
    from revisions
    where revisions.goods_quantity <> revisions.earlier_goods_quantity
    {% endfor -%}
)

select * from final
