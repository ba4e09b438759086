{#
  Events of an order that post to its deferred revenue or receivable: goods and gift cards sold, returns and payments. The position
  of an order is what it has paid less what it has got.
#}
{%- set touched = ['int_touched_orders'] -%}
{%- set amounts = ['sales', 'discounts', 'returns', 'tax', 'shipping', 'gift_cards', 'goodwill', 'paid'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_positions') }}
-- depends_on: {{ ref('int_touched_orders') }}

with sold as (
    select * from {{ ref('int_journal_sold') }}
),

returns as (
    select * from {{ ref('int_revenue_returns') }}
    where
        recognition_clock = 'shipped'
        and order_id is not null
        and {{ is_touched('order_id', touched) }}
),

gift_cards as (
    select * from {{ ref('int_order_lines') }}
    where
        is_gift_card
        and kept_quantity > 0
        and {{ is_touched('order_id', touched) }}
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
    where
        signed_amount <> 0
        and {{ is_touched('order_id', touched) }}
),

assigned as (
    select * from {{ ref('int_refunds_assigned') }}
    where
        goodwill_amount + shipping_amount > 0
        and {{ is_touched('order_id', touched) }}
),

events as (
    select
        sold.entry_id,
        sold.entry_kind,
        2 as event_rank,
        sold.order_id,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        sold.currency,
        sold.gross_sales_amount as sales_amount,
        sold.discounts_amount,
        0 as returns_amount,
        sold.tax_amount,
        sold.shipping_amount,
        0 as gift_cards_amount,
        0 as goodwill_amount,
        0 as paid_amount,
        sold.business_date
    from sold
    union all
    select
        concat(
            returns.event_kind, ':', coalesce(returns.payment_id, concat(returns.return_id, ':', returns.line_id)), ':',
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
    select
        concat('gift_card:', gift_cards.order_id, ':', gift_cards.line_id) as entry_id,
        'gift_card' as entry_kind,
        2 as event_rank,
        gift_cards.order_id,
        null as payment_id,
        gift_cards.currency,
        0 as sales_amount,
        0 as discounts_amount,
        0 as returns_amount,
        case when gift_cards.prices_include_tax then 0 else gift_cards.tax_amount end as tax_amount,
        0 as shipping_amount,
        gift_cards.net_amount as gift_cards_amount,
        0 as goodwill_amount,
        0 as paid_amount,
        gift_cards.placed_date as business_date
    from gift_cards
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
    -- What is refunded for nothing that was cancelled, returned or lost is given away, unless it counts as a return.
    select
        concat('goodwill:', assigned.payment_id) as entry_id,
        'goodwill' as entry_kind,
        5 as event_rank,
        assigned.order_id,
        assigned.payment_id,
        payments.order_currency as currency,
        0 as sales_amount,
        0 as discounts_amount,
        0 as returns_amount,
        0 as tax_amount,
        0 as shipping_amount,
        0 as gift_cards_amount,
        greatest(
            assigned.goodwill_amount + assigned.shipping_amount - coalesce(returns.returns_amount - returns.tax_amount, 0), 0
        ) as goodwill_amount,
        0 as paid_amount,
        payments.occurred_date as business_date
    from assigned
    inner join payments on assigned.payment_id = payments.payment_id
    left join returns on assigned.payment_id = returns.payment_id
    where not payments.is_rate_missing
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
