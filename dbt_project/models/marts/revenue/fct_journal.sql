{{ config(materialized='view') }}
{%- set sources = {
    'orders': ['order_id', 'payment_id'],
    'rates': ['order_id', 'payment_id'],
    'credit_notes': ['return_id'],
    'goods': ['order_id', 'return_id'],
    'payouts': ['order_id', 'payment_id', 'payout_id'],
    'stock': ['sku'],
} %}

with orders as (
    select * from {{ published_ref('int_journal_of_orders') }}
),

rates as (
    select * from {{ published_ref('int_journal_of_rates') }}
),

goods as (
    select * from {{ published_ref('int_journal_of_goods') }}
),

payouts as (
    select * from {{ published_ref('int_journal_of_payouts') }}
),

stock as (
    select * from {{ published_ref('int_journal_of_stock') }}
),

revenue_events as (
    select * from {{ published_ref('int_revenue_events') }}
    where
        recognition_clock = 'shipped'
        and event_kind = 'credit_note'
),

credit_notes as (
    select
        concat('credit_note:', revenue_events.return_id, ':', coalesce(revenue_events.line_id, '')) as entry_id,
        'credit_note' as entry_kind,
        accounts.account,
        revenue_events.return_id,
        revenue_events.currency,
        accounts.direction * revenue_events.returns_amount as amount,
        accounts.direction * revenue_events.returns_amount_reporting as amount_reporting,
        revenue_events.business_date
    from revenue_events
    cross join (values ('returns', 1), ('accounts_receivable', -1)) as accounts (account, direction)
),

posted as (
    {% for source, keys in sources.items() -%}
    select
        {{ source }}.entry_id,
        {{ source }}.entry_kind,
        {{ source }}.account,
        {% for key in ['order_id', 'return_id', 'payment_id', 'payout_id', 'sku'] -%}
        {{ source ~ '.' ~ key if key in keys else 'null as ' ~ key }},
        {% endfor -%}
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
        cast(posted.sku as {{ dbt.type_string() }}) as sku,
        posted.currency,
        {% for suffix in ['', '_reporting'] -%}
        cast(case when posted.amount{{ suffix }} < 0 then 0 else posted.amount{{ suffix }} end as {{ money_type() }})
            as debit_amount{{ suffix }},
        cast(case when posted.amount{{ suffix }} > 0 then 0 else -posted.amount{{ suffix }} end as {{ money_type() }})
            as credit_amount{{ suffix }},
        {% endfor -%}
        cast(posted.business_date as date) as business_date
    from posted
    where
        posted.amount <> 0
        or posted.amount_reporting <> 0
)

select * from final
