{#
  Figures that a closing freezes, by business day and subject: revenue by recognition clock, accounts of the journal, amounts of orders.
  The CTEs revenue_events, journal_lines and order_rows are read. `days` names a CTE of the business days that are computed; without
  it all are. The last CTE is `figures`.
#}
{% macro period_figures(days=none) -%}
    {%- set sources = {
        'revenue': [
            'gross_sales', 'discounts', 'returns', 'net_sales', 'tax', 'shipping', 'refunds', 'fees', 'cost_of_goods'
        ],
        'journal': ['balance'],
        'orders': ['net', 'due', 'captured', 'refunded', 'owed_to_us', 'owed_back'],
    } %}
    {%- set keys = [
        'recognition_clock', 'channel', 'country', 'category', 'account', 'currency', 'subject_kind', 'subject_id', 'business_date'
    ] %}
    {%- set converted = ['net', 'due', 'owed_to_us', 'owed_back'] %}
revenue as (
    select
        revenue_events.recognition_clock,
        revenue_events.channel,
        revenue_events.country,
        revenue_events.category,
        cast(null as {{ dbt.type_string() }}) as account,
        revenue_events.currency,
        case when revenue_events.order_id is not null then 'order' else 'return' end as subject_kind,
        coalesce(revenue_events.order_id, revenue_events.return_id) as subject_id,
        revenue_events.business_date,
        {% for measure in sources['revenue'] -%}
        {%- set is_costed, is_last = measure == 'cost_of_goods', loop.last -%}
        {% for suffix in ['', '_reporting'] -%}
        {% set amount = 'revenue_events.' ~ measure ~ '_amount' ~ suffix -%}
        {{ whole_sum('case when not revenue_events.is_cost_missing then ' ~ amount ~ ' end' if is_costed else amount) }}
            as {{ measure }}_amount{{ suffix }}{{ ',' if not (is_last and suffix) }}
        {% endfor -%}
        {% endfor %}
    from revenue_events
    where {{ is_of_days('revenue_events.business_date', days) }}
    group by
        revenue_events.recognition_clock,
        revenue_events.channel,
        revenue_events.country,
        revenue_events.category,
        revenue_events.currency,
        case when revenue_events.order_id is not null then 'order' else 'return' end,
        coalesce(revenue_events.order_id, revenue_events.return_id),
        revenue_events.business_date
),

journal_subjects as (
    select
        journal_lines.*,
        case
            when journal_lines.order_id is not null then 'order'
            when journal_lines.return_id is not null then 'return'
            when journal_lines.payout_id is not null then 'payout'
            when journal_lines.sku is not null then 'goods'
            else 'other'
        end as subject_kind,
        coalesce(
            journal_lines.order_id, journal_lines.return_id, journal_lines.payout_id, journal_lines.sku, journal_lines.entry_id
        ) as subject_id
    from journal_lines
    where {{ is_of_days('journal_lines.business_date', days) }}
),

journal as (
    select
        cast(null as {{ dbt.type_string() }}) as recognition_clock,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as {{ dbt.type_string() }}) as country,
        cast(null as {{ dbt.type_string() }}) as category,
        journal_subjects.account,
        journal_subjects.currency,
        journal_subjects.subject_kind,
        journal_subjects.subject_id,
        journal_subjects.business_date,
        sum(journal_subjects.debit_amount - journal_subjects.credit_amount) as balance_amount,
        {{ whole_sum('journal_subjects.debit_amount_reporting - journal_subjects.credit_amount_reporting') }}
            as balance_amount_reporting
    from journal_subjects
    group by
        journal_subjects.account,
        journal_subjects.currency,
        journal_subjects.subject_kind,
        journal_subjects.subject_id,
        journal_subjects.business_date
),

orders as (
    select
        cast(null as {{ dbt.type_string() }}) as recognition_clock,
        orders.channel,
        orders.ship_country as country,
        cast(null as {{ dbt.type_string() }}) as category,
        cast(null as {{ dbt.type_string() }}) as account,
        orders.currency,
        'order' as subject_kind,
        orders.order_id as subject_id,
        orders.placed_date as business_date,
        {% for measure in sources['orders'] -%}
        orders.{{ measure }}_amount,
        {{ 'orders.' ~ measure ~ '_amount_reporting' if measure in converted else 'null as ' ~ measure ~ '_amount_reporting' }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from order_rows as orders
    where {{ is_of_days('orders.placed_date', days) }}
),

figures as (
    {% for figure, measures in sources.items() -%}
    {% for measure in measures -%}
    select
        '{{ figure }}' as figure,
        {% for key in keys -%}
        {{ figure }}.{{ key }},
        {% endfor -%}
        '{{ measure }}' as measure,
        {{ figure }}.{{ measure }}_amount as amount,
        {{ figure }}.{{ measure }}_amount_reporting as amount_reporting
    from {{ figure }}
    where {{ figure }}.{{ measure }}_amount <> 0 or {{ figure }}.{{ measure }}_amount_reporting <> 0
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)
{%- endmacro %}

{# Filter on the business days of a CTE. #}
{% macro is_of_days(column, days=none) -%}
    {{ column ~ ' in (select ' ~ days ~ '.business_date from ' ~ days ~ ')' if days else 'true' }}
{%- endmacro %}
