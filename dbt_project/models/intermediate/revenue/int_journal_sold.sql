{#
  Goods, gift cards and shipping sold by the shipped recognition clock. What changed after goods had left is posted on the day of the
  change, with the returns of such a line; a line without such a change is sold as the revenue mart says.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_positions') }}
-- depends_on: {{ ref('int_touched_orders') }}

with revisions as (
    select * from {{ ref('int_journal_revisions') }}
    where {{ is_touched('order_id', touched) }}
),

sales as (
    select sales.*
    from {{ ref('int_revenue_sales') }} as sales
    where
        sales.shipped_date is not null
        and sales.event_kind <> 'order'
        and {{ is_touched('sales.order_id', touched) }}
        and not exists (
            select 1 from revisions
            where
                revisions.order_id = sales.order_id
                and coalesce(revisions.line_id, '') = coalesce(sales.line_id, '')
        )
),

final as (
    select
        concat(sales.event_kind, ':', sales.order_id, ':', coalesce(sales.line_id, ''), ':', coalesce(sales.shipment_id, ''))
            as entry_id,
        sales.event_kind as entry_kind,
        sales.order_id,
        sales.currency,
        sales.gross_sales_amount,
        sales.discounts_amount,
        0 as returns_amount,
        sales.tax_amount,
        sales.shipping_amount,
        0 as gift_cards_amount,
        sales.shipped_date as business_date
    from sales
    union all
    select
        revisions.entry_id,
        revisions.entry_kind,
        revisions.order_id,
        revisions.currency,
        revisions.gross_sales_amount,
        revisions.discounts_amount,
        revisions.returns_amount,
        revisions.tax_amount,
        revisions.shipping_amount,
        revisions.gift_cards_amount,
        revisions.business_date
    from revisions
)

select * from final
