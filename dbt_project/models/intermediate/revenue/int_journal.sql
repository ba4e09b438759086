{# Lines of the journal, stored. They are recomputed by order, credit note, payout and SKU. #}
{%- set touched = ['int_journal_subjects'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='subject_id', touched=touched) }}
{%- set sources = {
    'orders': ['order_id', 'payment_id'],
    'rates': ['order_id', 'payment_id'],
    'credit_notes': ['return_id'],
    'goods': ['order_id', 'return_id'],
    'payouts': ['order_id', 'payment_id', 'payout_id'],
    'stock': ['sku'],
} %}
{%- set subjects = {'orders': 'orders.order_id', 'rates': 'rates.order_id', 'stock': "concat('sku:', stock.sku)"} %}
-- depends_on: {{ ref('int_journal_subjects') }}

with orders as (
    select * from {{ ref('int_journal_of_orders') }}
),

rates as (
    select * from {{ ref('int_journal_of_rates') }}
),

goods as (
    select * from {{ ref('int_journal_of_goods') }}
),

payouts as (
    select * from {{ ref('int_journal_of_payouts') }}
),

stock as (
    select * from {{ ref('int_journal_of_stock') }}
),

revenue_returns as (
    select * from {{ ref('int_revenue_returns') }}
    where
        recognition_clock = 'shipped'
        and event_kind = 'credit_note'
        and {{ is_touched('subject_id', touched) }}
),

daily_rates as (
    select * from {{ ref('int_fx_daily') }}
),

credit_notes as (
    select
        revenue_returns.subject_id,
        concat('credit_note:', revenue_returns.return_id, ':', coalesce(revenue_returns.line_id, '')) as entry_id,
        'credit_note' as entry_kind,
        accounts.account,
        revenue_returns.return_id,
        revenue_returns.currency,
        accounts.direction * revenue_returns.returns_amount as amount,
        accounts.direction * {{ reporting_amount('revenue_returns.returns_amount', 'daily_rates.rate') }} as amount_reporting,
        revenue_returns.business_date
    from revenue_returns
    left join daily_rates
        on
            revenue_returns.business_date = daily_rates.rate_date
            and revenue_returns.currency = daily_rates.currency
    cross join (values ('returns', 1), ('accounts_receivable', -1)) as accounts (account, direction)
),

posted as (
    {% for source, keys in sources.items() -%}
    select
        {{ subjects.get(source, source ~ '.subject_id') }} as subject_id,
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
        posted.subject_id,
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
        cast(posted.business_date as date) as business_date,
        {{ this_batch() }} as _batch_id
    from posted
    where
        posted.amount <> 0
        or posted.amount_reporting <> 0
)

select * from final
