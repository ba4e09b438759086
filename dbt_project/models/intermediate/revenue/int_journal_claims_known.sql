{#
  Returns and refunds of goods of such an order at the end of each day: what each claims, and what of it is met. Claims are met in the
  order in which they occurred, as far as the order has sold by then. In the end that is what the revenue mart takes back.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_claims') }}
-- depends_on: {{ ref('int_touched_orders') }}

with days as (
    select * from {{ ref('int_journal_refund_days') }}
),

refunds as (
    select * from {{ ref('int_journal_refunds_known') }}
    where is_of_goods
),

revisions as (
    select * from {{ ref('int_journal_revisions') }}
    where
        line_id is not null
        and {{ is_touched('order_id', touched) }}
),

sales as (
    select sales.*
    from {{ ref('int_revenue_sales') }} as sales
    where
        sales.event_kind = 'sale'
        and sales.shipped_date is not null
        and {{ is_touched('sales.order_id', touched) }}
        and not exists (
            select 1 from revisions
            where
                revisions.order_id = sales.order_id
                and revisions.line_id = sales.line_id
        )
),

returns as (
    select * from {{ ref('int_revenue_returns') }}
    where
        recognition_clock = 'shipped'
        and event_kind = 'return'
        and {{ is_touched('order_id', touched) }}
),

units_returned as (
    select * from {{ ref('int_revenue_units_returned') }}
    where {{ is_touched('order_id', touched) }}
),

sold as (
    select
        sales.order_id,
        sales.shipped_date as business_date,
        sales.gross_sales_amount - sales.discounts_amount as net_amount
    from sales
    union all
    select
        revisions.order_id,
        revisions.business_date,
        revisions.gross_sales_amount - revisions.discounts_amount as net_amount
    from revisions
),

sold_known as (
    select
        days.order_id,
        days.business_date,
        sum(sold.net_amount) as sold_amount
    from days
    inner join sold
        on
            days.order_id = sold.order_id
            and days.business_date >= sold.business_date
    group by
        days.order_id,
        days.business_date
),

claimed as (
    select
        returns.order_id,
        returns.return_id,
        returns.line_id,
        returns.event_number,
        returns.business_date as recognised_date,
        min(units_returned.occurred_at) as occurred_at,
        days.business_date,
        sum(revisions.returns_amount) as net_amount,
        sum(-revisions.tax_amount) as tax_amount
    from returns
    inner join units_returned
        on
            returns.order_id = units_returned.order_id
            and returns.return_id = units_returned.return_id
            and returns.line_id = units_returned.line_id
            and returns.event_number = units_returned.event_number
    inner join days on returns.order_id = days.order_id
    inner join revisions
        on
            returns.order_id = revisions.order_id
            and returns.return_id = revisions.return_id
            and returns.line_id = revisions.line_id
            and returns.event_number = revisions.event_number
            and returns.business_date = revisions.recognised_date
            and days.business_date >= revisions.business_date
    group by
        returns.order_id,
        returns.return_id,
        returns.line_id,
        returns.event_number,
        returns.business_date,
        days.business_date
),

claims as (
    select
        claimed.order_id,
        'return' as event_kind,
        claimed.return_id,
        claimed.line_id,
        claimed.event_number,
        claimed.recognised_date,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        claimed.occurred_at,
        claimed.business_date,
        claimed.net_amount,
        claimed.tax_amount,
        claimed.net_amount as goods_amount
    from claimed
    union all
    select
        refunds.order_id,
        'goods_refund' as event_kind,
        null as return_id,
        null as line_id,
        0 as event_number,
        null as recognised_date,
        refunds.payment_id,
        refunds.occurred_at,
        refunds.business_date,
        refunds.net_amount,
        refunds.tax_amount,
        refunds.goods_amount
    from refunds
),

running as (
    select
        claims.*,
        orders.currency_digits,
        coalesce(sold_known.sold_amount, 0) as sold_amount,
        {{ claimed_so_far('claims', ['order_id', 'business_date'], 'recognised_date') }} as claimed_so_far
    from claims
    inner join {{ ref('int_orders') }} as orders on claims.order_id = orders.order_id
    left join sold_known
        on
            claims.order_id = sold_known.order_id
            and claims.business_date = sold_known.business_date
),

met as (
    select
        running.*,
        {{ met_amount('running', 'running.sold_amount') }} as returns_amount
    from running
),

final as (
    select
        met.*,
        {{ tax_of_claim('met', 'met.currency_digits') }} as returns_tax_amount
    from met
)

select * from final
