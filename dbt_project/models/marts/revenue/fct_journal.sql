{{ config(materialized='view') }}

with orders as (
    select * from {{ published_ref('int_journal_of_orders') }}
),

stock as (
    select * from {{ published_ref('int_journal_of_stock') }}
),

revenue_events as (
    select * from {{ published_ref('int_revenue_events') }}
    where recognition_clock = 'shipped'
),

payments as (
    select * from {{ published_ref('fct_payment_ledger') }}
),

credit_notes as (
    select
        concat('credit_note:', revenue_events.return_id, ':', coalesce(revenue_events.line_id, '')) as entry_id,
        accounts.account,
        revenue_events.return_id,
        revenue_events.currency,
        accounts.direction * revenue_events.returns_amount as amount,
        accounts.direction * revenue_events.returns_amount_reporting as amount_reporting,
        revenue_events.business_date
    from revenue_events
    cross join (values ('returns', 1), ('accounts_receivable', -1)) as accounts (account, direction)
    where revenue_events.event_kind = 'credit_note'
),

costs as (
    select
        concat(
            'cost:', revenue_events.event_kind, ':', coalesce(revenue_events.return_id, revenue_events.order_id), ':',
            coalesce(revenue_events.line_id, ''), ':', coalesce(revenue_events.shipment_id, ''), ':',
            cast(revenue_events.business_date as {{ dbt.type_string() }})
        ) as entry_id,
        accounts.account,
        revenue_events.order_id,
        revenue_events.return_id,
        revenue_events.currency,
        accounts.direction * revenue_events.cost_of_goods_amount as amount,
        accounts.direction * revenue_events.cost_of_goods_amount_reporting as amount_reporting,
        revenue_events.business_date
    from revenue_events
    cross join (values ('cost_of_goods', 1), ('inventory', -1)) as accounts (account, direction)
    where revenue_events.event_kind in ('sale', 'return', 'credit_note')
),

-- A fee is paid with the payout, and where no payout is known with its payment. Amounts in the reporting currency stay those of
-- the payment, so that nothing of it remains in transit.
paid_out as (
    select
        concat('payout:', payments.payment_id) as entry_id,
        case when payments.payout_at is null then 'fee' else 'payout' end as entry_kind,
        accounts.account,
        payments.order_id,
        payments.payment_id,
        payments.payout_id,
        payments.currency,
        {% for suffix in ['', '_reporting'] -%}
        case accounts.account
            when 'fees' then payments.fee_amount{{ suffix }}
            when 'cash' then
                case when payments.payout_at is null then 0 else payments.signed_amount{{ suffix }} - payments.fee_amount{{ suffix }} end
            else
                case when payments.payout_at is null then -payments.fee_amount{{ suffix }} else -payments.signed_amount{{ suffix }} end
        end as amount{{ suffix }},
        {% endfor -%}
        case when payments.payout_at is null then payments.occurred_date else {{ business_date('payments.payout_at') }} end
            as business_date
    from payments
    cross join (values ('cash'), ('fees'), ('cash_in_transit')) as accounts (account)
    where
        coalesce(payments.method, '') <> 'gift_card'
        and (payments.payout_at is not null or payments.fee_amount <> 0)
),

posted as (
    {% for source in ['orders', 'credit_notes', 'costs', 'paid_out', 'stock'] -%}
    select
        {{ source }}.entry_id,
        {{ {'credit_notes': "'credit_note'", 'costs': "'cost'"}[source] or source ~ '.entry_kind' }} as entry_kind,
        {{ source }}.account,
        {{ 'null' if source in ['credit_notes', 'stock'] else source ~ '.order_id' }} as order_id,
        {{ source ~ '.return_id' if source in ['credit_notes', 'costs'] else 'null' }} as return_id,
        {{ source ~ '.payment_id' if source in ['orders', 'paid_out'] else 'null' }} as payment_id,
        {{ 'paid_out.payout_id' if source == 'paid_out' else 'null' }} as payout_id,
        {{ source }}.currency,
        {{ source }}.amount,
        {{ source }}.amount_reporting,
        {{ source }}.business_date
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        posted.entry_id,
        posted.entry_kind,
        posted.account,
        cast(posted.order_id as {{ dbt.type_string() }}) as order_id,
        cast(posted.return_id as {{ dbt.type_string() }}) as return_id,
        cast(posted.payment_id as {{ dbt.type_string() }}) as payment_id,
        cast(posted.payout_id as {{ dbt.type_string() }}) as payout_id,
        posted.currency,
        {% for suffix in ['', '_reporting'] -%}
        cast(case when posted.amount{{ suffix }} < 0 then 0 else posted.amount{{ suffix }} end as {{ money_type() }})
            as debit_amount{{ suffix }},
        cast(case when posted.amount{{ suffix }} > 0 then 0 else -posted.amount{{ suffix }} end as {{ money_type() }})
            as credit_amount{{ suffix }},
        {% endfor -%}
        cast(posted.business_date as date) as business_date
    from posted
    where posted.amount <> 0
)

select * from final
