{#
  Lines of the journal that payouts post, debits positive. A payment leaves cash in transit with its payout, less its fee; without a
  known payout only the fee is posted. Its amounts in the reporting currency stay those of the payment, so that nothing remains.
#}
{%- set touched = ['int_journal_subjects'] -%}
{{ config(materialized='ephemeral', step_of='int_journal') }}
{%- set accounts = {
    'adjustment': 'payout_adjustments', 'reserve': 'provider_reserves', 'fee': 'fees', 'dispute_fee': 'dispute_fees',
    'transfer': 'cash_transfers', 'failed_payout': 'cash_in_transit', 'unexplained_payment': 'unexplained_payouts',
    'unknown': 'unexplained_payouts',
} %}
-- depends_on: {{ ref('int_journal_subjects') }}

with parts as (
    select * from {{ ref('int_journal_payout_parts') }}
),

payment_ledger as (
    select * from {{ ref('int_payment_ledger') }}
    where
        {{ is_touched('order_id', touched, key='subject_id') }}
        or payment_id in (select parts.payment_id from parts)
        or payout_id in (select parts.payout_id from parts)
),

rates as (
    select * from {{ ref('int_fx_daily') }}
),

payouts as (
    select distinct
        parts.payout_id,
        coalesce(parts.provider, '') as provider,
        parts.is_failed,
        parts.paid_out_at
    from parts
),

exchanged as (
    select distinct parts.payment_id
    from parts
    inner join payment_ledger
        on
            parts.payment_id = payment_ledger.payment_id
            and parts.payout_id = payment_ledger.payout_id
            and parts.currency <> payment_ledger.currency
),

payments as (
    select
        payment_ledger.*,
        case when not coalesce(payouts.is_failed, false) then coalesce(payment_ledger.payout_at, payouts.paid_out_at) end
            as payment_paid_at,
        exchanged.payment_id is not null as is_exchanged,
        rates.rate
    from payment_ledger
    left join exchanged on payment_ledger.payment_id = exchanged.payment_id
    left join payouts
        on payment_ledger.payout_id = payouts.payout_id and coalesce(payment_ledger.provider, '') = payouts.provider
    left join rates
        on
            payment_ledger.occurred_date = rates.rate_date
            and payment_ledger.currency = rates.currency
    where coalesce(payment_ledger.method, '') <> 'gift_card'
),

payments_posted as (
    select
        payments.*,
        {{ reporting_amount('payments.signed_amount', 'payments.rate') }} as signed_amount_reporting,
        {{ reporting_amount('payments.fee_amount', 'payments.rate') }} as fee_amount_reporting
    from payments
    where payments.payment_paid_at is not null or payments.fee_amount <> 0
),

-- Of the fee that a movement states, what the payment itself has posted counts once.
movements as (
    select
        parts.*,
        case parts.part_kind
            {% for kind, account in accounts.items() -%}
            when '{{ kind }}' then '{{ account }}'
            {% endfor -%}
            else case
                when payments.currency <> parts.currency then 'fx_difference'
                when payments.payment_paid_at is null then 'cash_in_transit'
                else 'unexplained_payouts'
            end
        end as account,
        case
            when row_number() over (partition by parts.payment_id order by parts.payout_id, parts.part_id) > 1 then 0
            when parts.part_kind in ('unexplained_payment', 'unknown') or payments.payment_id is null then 0
            when payments.currency <> parts.currency then case when payments.fee_amount <> 0 then parts.fee_amount else 0 end
            when payments.payment_paid_at is null then payments.fee_amount
            else 0
        end as posted_fee_amount,
        case when payments.payment_paid_at is null and payments.currency = parts.currency then payments.occurred_date end as paid_date
    from parts
    left join payments on parts.payment_id = payments.payment_id
    where
        not parts.is_payment
        and not parts.is_return
        and (parts.paid_out_at is not null or parts.is_failed)
),

movements_dated as (
    select
        movements.*,
        {{ business_date('coalesce(movements.paid_out_at, movements.occurred_at)') }} as business_date
    from movements
),

movements_valued as (
    select
        movements_dated.*,
        {{ reporting_amount('movements_dated.amount', 'rates.rate') }} as amount_reporting,
        {{ reporting_amount('movements_dated.fee_amount', 'rates.rate') }} as fee_amount_reporting,
        {{ reporting_amount('movements_dated.posted_fee_amount', 'rates.rate') }} as posted_fee_amount_reporting
    from movements_dated
    left join rates
        on
            coalesce(movements_dated.paid_date, movements_dated.business_date) = rates.rate_date
            and movements_dated.currency = rates.currency
),

posted as (
    select
        concat('payout:', payments_posted.payment_id) as entry_id,
        case when payments_posted.payment_paid_at is null then 'fee' else 'payout' end as entry_kind,
        case when accounts.account = 'cash' and payments_posted.is_exchanged then 'fx_difference' else accounts.account end as account,
        payments_posted.order_id,
        payments_posted.payment_id,
        payments_posted.payout_id,
        payments_posted.currency,
        {% for suffix in ['', '_reporting'] -%}
        case accounts.account
            when 'fees' then payments_posted.fee_amount{{ suffix }}
            when 'cash' then case when payments_posted.payment_paid_at is null then 0
                else payments_posted.signed_amount{{ suffix }} - payments_posted.fee_amount{{ suffix }} end
            else case when payments_posted.payment_paid_at is null then -payments_posted.fee_amount{{ suffix }}
                else -payments_posted.signed_amount{{ suffix }} end
        end as amount{{ suffix }},
        {% endfor -%}
        case when payments_posted.payment_paid_at is null then payments_posted.occurred_date
            else {{ business_date('payments_posted.payment_paid_at') }} end as business_date
    from payments_posted
    cross join (values ('cash'), ('fees'), ('cash_in_transit')) as accounts (account)
    union all
    select
        concat('payout_part:', movements_valued.payout_id, ':', movements_valued.part_id) as entry_id,
        'payout_part' as entry_kind,
        case accounts.account
            when 'counter' then movements_valued.account
            when 'cash' then case when movements_valued.is_failed then 'cash_in_transit' else 'cash' end
            else accounts.account
        end as account,
        movements_valued.order_id,
        movements_valued.payment_id,
        movements_valued.payout_id,
        movements_valued.currency,
        {% for suffix in ['', '_reporting'] -%}
        case accounts.account
            when 'fees' then movements_valued.fee_amount{{ suffix }} - movements_valued.posted_fee_amount{{ suffix }}
            when 'cash' then movements_valued.amount{{ suffix }} - movements_valued.fee_amount{{ suffix }}
            else movements_valued.posted_fee_amount{{ suffix }} - movements_valued.amount{{ suffix }}
        end as amount{{ suffix }},
        {% endfor -%}
        movements_valued.business_date
    from movements_valued
    cross join (values ('cash'), ('fees'), ('counter')) as accounts (account)
),

subjects as (
    select
        posted.*,
        case when posted.payout_id is null then posted.order_id else concat('payout:', posted.payout_id) end as subject_id
    from posted
    where posted.amount <> 0
),

final as (
    select
        subjects.subject_id,
        subjects.entry_id,
        subjects.entry_kind,
        subjects.account,
        subjects.order_id,
        subjects.payment_id,
        subjects.payout_id,
        subjects.currency,
        cast(subjects.amount as {{ money_type() }}) as amount,
        cast(subjects.amount_reporting as {{ money_type() }}) as amount_reporting,
        cast(subjects.business_date as date) as business_date
    from subjects
    where {{ is_touched('subjects.subject_id', touched) }}
)

select * from final
