{#
  Lines of the journal that events of orders post, one per account. Debits are positive. An amount in the reporting currency is at
  the rate of the event's day; that of the order's two accounts is what balances the entry.
#}
{%- set touched = ['int_journal_subjects'] -%}
{{ config(materialized='ephemeral', step_of='int_journal') }}
{%- set parts = ['sales', 'discounts', 'returns', 'tax', 'shipping', 'gift_cards', 'goodwill'] -%}
{%- set lines = [
    ('accounts_receivable', 'currency', 'accounts_receivable_amount'),
    ('deferred_revenue', 'currency', 'deferred_revenue_amount'),
    ('sales', 'currency', '-sales_amount'),
    ('discounts', 'currency', 'discounts_amount'),
    ('returns', 'currency', 'returns_amount'),
    ('tax_payable', 'currency', '-tax_amount'),
    ('shipping_income', 'currency', '-shipping_amount'),
    ('gift_card_liability', 'currency', '-gift_cards_amount'),
    ('goodwill', 'currency', 'goodwill_amount'),
    ('cash_in_transit', 'paid_currency', 'cash_amount'),
    ('gift_card_liability', 'paid_currency', 'redeemed_amount'),
    ('chargeback_loss', 'paid_currency', 'chargeback_amount'),
    ('fx_difference', 'paid_currency', 'bought_amount'),
    ('fx_difference', 'currency', 'exchanged_amount'),
] %}
-- depends_on: {{ ref('int_journal_subjects') }}

with positions as (
    select * from {{ ref('int_journal_positions') }}
    where {{ is_touched('order_id', touched, key='subject_id') }}
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
    where {{ is_touched('order_id', touched, key='subject_id') }}
),

rates as (
    select * from {{ ref('int_fx_daily') }}
),

joined as (
    select
        positions.*,
        {% for part in parts -%}
        {{ reporting_amount('positions.' ~ part ~ '_amount', 'rates.rate') }} as {{ part }}_amount_reporting,
        {% endfor -%}
        {{ reporting_amount('positions.deferred_revenue_amount', 'rates.rate') }} as deferred_rounded_amount,
        coalesce(payments.signed_amount, 0) as signed_amount,
        case
            when payments.payment_id is null then 0
            else {{ reporting_amount('payments.signed_amount', 'paid_rates.rate') }}
        end as signed_amount_reporting,
        payments.currency as paid_currency,
        coalesce(payments.method = 'gift_card', false) as is_gift_card,
        coalesce(payments.kind in ('captured', 'refunded'), false) as is_customers,
        payments.payment_id is not null as is_payment
    from positions
    left join payments
        on
            positions.payment_id = payments.payment_id
            and positions.entry_kind = payments.kind
    left join rates
        on
            positions.business_date = rates.rate_date
            and positions.currency = rates.currency
    left join rates as paid_rates
        on
            payments.occurred_date = paid_rates.rate_date
            and payments.currency = paid_rates.currency
),

-- What an entry posts beside the two accounts of its order, so that they balance it.
totalled as (
    select
        joined.*,
        case
            when joined.is_customers then -joined.signed_amount_reporting
            when joined.is_payment then 0
            else
                joined.sales_amount_reporting - joined.discounts_amount_reporting - joined.returns_amount_reporting
                + joined.tax_amount_reporting + joined.shipping_amount_reporting + joined.gift_cards_amount_reporting
                - joined.goodwill_amount_reporting
        end as order_amount_reporting,
        {% for suffix in ['', '_reporting'] -%}
        case when joined.is_customers and joined.is_gift_card then 0 else joined.signed_amount{{ suffix }} end
            as cash_amount{{ suffix }},
        case when joined.is_customers and joined.is_gift_card then joined.signed_amount{{ suffix }} else 0 end
            as redeemed_amount{{ suffix }},
        case when joined.is_payment and not joined.is_customers then -joined.signed_amount{{ suffix }} else 0 end
            as chargeback_amount{{ suffix }},
        case when joined.is_customers and joined.paid_currency <> joined.currency then -joined.signed_amount{{ suffix }} else 0 end
            as bought_amount{{ suffix }},
        {% endfor -%}
        case when joined.is_customers and joined.paid_currency <> joined.currency then joined.paid_amount else 0 end
            as exchanged_amount,
        case when joined.is_customers and joined.paid_currency <> joined.currency then joined.signed_amount_reporting else 0 end
            as exchanged_amount_reporting
    from joined
),

balanced as (
    select
        totalled.*,
        case
            when totalled.accounts_receivable_amount = 0 then totalled.order_amount_reporting
            when totalled.deferred_revenue_amount = 0 then 0
            else totalled.deferred_rounded_amount
        end as deferred_revenue_amount_reporting,
        case
            when totalled.accounts_receivable_amount = 0 then 0
            when totalled.deferred_revenue_amount = 0 then totalled.order_amount_reporting
            else totalled.order_amount_reporting - totalled.deferred_rounded_amount
        end as accounts_receivable_amount_reporting
    from totalled
),

numbers as (
    select numbers.line_number
    from (values {% for _ in lines %}({{ loop.index }}){{ ', ' if not loop.last }}{% endfor %}) as numbers (line_number)
),

posted as (
    select
        balanced.entry_id,
        balanced.entry_kind,
        balanced.order_id,
        balanced.payment_id,
        case numbers.line_number
            {% for account, currency, amount in lines -%}
            when {{ loop.index }} then '{{ account }}'
            {% endfor -%}
        end as account,
        case numbers.line_number
            {% for account, currency, amount in lines -%}
            when {{ loop.index }} then balanced.{{ currency }}
            {% endfor -%}
        end as currency,
        {% for suffix in ['', '_reporting'] -%}
        case numbers.line_number
            {% for account, currency, amount in lines -%}
            when {{ loop.index }} then {{ '-' if amount.startswith('-') }}balanced.{{ amount | replace('-', '') }}{{ suffix }}
            {% endfor -%}
        end as amount{{ suffix }},
        {% endfor -%}
        balanced.business_date
    from balanced
    cross join numbers
),

final as (
    select
        posted.entry_id,
        posted.entry_kind,
        posted.order_id,
        posted.payment_id,
        posted.account,
        posted.currency,
        cast(posted.amount as {{ money_type() }}) as amount,
        cast(posted.amount_reporting as {{ money_type() }}) as amount_reporting,
        posted.business_date
    from posted
    where
        posted.amount <> 0
        or posted.amount_reporting <> 0
)

select * from final
