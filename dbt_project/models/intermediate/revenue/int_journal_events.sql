{#
  Events of an order that post to its deferred revenue or receivable: goods and gift cards sold, returns and payments. The position
  of an order is what it has paid less what it has got. Returns of revised lines come with what was sold, version by version; what
  refunds give away or take back comes day by day.
#}
{%- set touched = ['int_touched_orders'] -%}
{%- set amounts = ['sales', 'discounts', 'returns', 'tax', 'shipping', 'gift_cards', 'goodwill', 'paid'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_positions') }}
-- depends_on: {{ ref('int_touched_orders') }}

with sold as (
    select * from {{ ref('int_journal_sold') }}
),

revisions as (
    select * from {{ ref('int_journal_revisions') }}
    where
        return_id is not null
        and {{ is_touched('order_id', touched) }}
),

claims as (
    select * from {{ ref('int_journal_claims') }}
    where {{ is_touched('order_id', touched) }}
),

returns as (
    select revenue_returns.*
    from {{ ref('int_revenue_returns') }} as revenue_returns
    where
        revenue_returns.recognition_clock = 'shipped'
        and revenue_returns.event_kind = 'return'
        and revenue_returns.order_id is not null
        and {{ is_touched('revenue_returns.order_id', touched) }}
        and not exists (
            select 1 from revisions
            where
                revisions.order_id = revenue_returns.order_id
                and revisions.line_id = revenue_returns.line_id
        )
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
    where
        signed_amount <> 0
        and {{ is_touched('order_id', touched) }}
),

events as (
    select
        sold.entry_id,
        sold.entry_kind,
        case when sold.entry_kind in ('return', 'return_change') then 3 else 2 end as event_rank,
        sold.order_id,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        sold.currency,
        sold.gross_sales_amount as sales_amount,
        sold.discounts_amount,
        sold.returns_amount,
        sold.tax_amount,
        sold.shipping_amount,
        sold.gift_cards_amount,
        0 as goodwill_amount,
        0 as paid_amount,
        sold.business_date
    from sold
    union all
    select
        concat(
            returns.event_kind, ':', returns.return_id, ':', returns.line_id, ':',
            cast(returns.event_number as {{ dbt.type_string() }}), ':',
            cast(returns.business_date as {{ dbt.type_string() }})
        ) as entry_id,
        returns.event_kind as entry_kind,
        3 as event_rank,
        returns.order_id,
        returns.payment_id,
        returns.currency,
        0 as sales_amount,
        0 as discounts_amount,
        returns.returns_amount,
        returns.tax_amount,
        0 as shipping_amount,
        0 as gift_cards_amount,
        0 as goodwill_amount,
        0 as paid_amount,
        returns.business_date
    from returns
    union all
    -- A dispute is a loss until it is won. It does not change what the customer has paid.
    select
        concat('payment:', payments.payment_id) as entry_id,
        payments.kind as entry_kind,
        case when payments.kind = 'captured' then 1 else 4 end as event_rank,
        payments.order_id,
        payments.payment_id,
        case when payments.is_rate_missing then payments.currency else payments.order_currency end as currency,
        0 as sales_amount,
        0 as discounts_amount,
        0 as returns_amount,
        0 as tax_amount,
        0 as shipping_amount,
        0 as gift_cards_amount,
        0 as goodwill_amount,
        case
            when payments.kind not in ('captured', 'refunded') then 0
            when payments.is_rate_missing then payments.signed_amount
            -- A refund gives back what its capture brought. The rest of a refund in another currency is a difference of rates.
            when payments.kind = 'refunded'
                then coalesce(-payments.status_amount_order_currency, payments.signed_amount_order_currency)
            else payments.signed_amount_order_currency
        end as paid_amount,
        payments.occurred_date as business_date
    from payments
    union all
    select
        claims.entry_id,
        claims.entry_kind,
        case when claims.goodwill_amount = 0 then 3 else 5 end as event_rank,
        claims.order_id,
        claims.payment_id,
        claims.currency,
        0 as sales_amount,
        0 as discounts_amount,
        claims.returns_amount,
        claims.tax_amount,
        0 as shipping_amount,
        0 as gift_cards_amount,
        claims.goodwill_amount,
        0 as paid_amount,
        claims.business_date
    from claims
),

final as (
    select
        events.entry_id,
        events.entry_kind,
        events.order_id,
        events.payment_id,
        events.currency,
        {% for amount in amounts -%}
        cast(events.{{ amount }}_amount as {{ money_type() }}) as {{ amount }}_amount,
        {% endfor -%}
        cast(
            events.paid_amount - events.sales_amount + events.discounts_amount + events.returns_amount - events.tax_amount
            - events.shipping_amount - events.gift_cards_amount + events.goodwill_amount as {{ money_type() }}
        ) as position_change_amount,
        cast(events.event_rank as {{ dbt.type_int() }}) as event_rank,
        cast(events.business_date as date) as business_date
    from events
)

select * from final
