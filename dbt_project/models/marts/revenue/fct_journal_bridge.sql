{{ config(materialized='view') }}
{%- set accounts = {
    'gross_sales': ('sales', '-'), 'discounts': ('discounts', ''), 'returns': ('returns', ''), 'tax': ('tax_payable', '-'),
    'shipping': ('shipping_income', '-'), 'cost_of_goods': ('cost_of_goods', ''),
} %}
{%- set parts = ['placed', 'timing', 'versions', 'parcels', 'rates', 'gift_cards', 'journal'] %}

with revenue_daily as (
    select * from {{ published_ref('fct_revenue_daily') }}
    where recognition_clock = 'placed'
),

revenue_events as (
    select * from {{ published_ref('int_revenue_events') }}
    where recognition_clock in ('placed', 'shipped')
),

changes as (
    select * from {{ published_ref('int_journal_changes') }}
),

journal as (
    select
        entry_id,
        entry_kind,
        currency,
        business_date,
        {% for suffix in ['', '_reporting'] -%}
        {% for measure, (account, sign) in accounts.items() -%}
        case when account = '{{ account }}' then {{ sign }}(debit_amount{{ suffix }} - credit_amount{{ suffix }}) else 0 end
            as {{ measure }}_amount{{ suffix }}{{ ',' if not (loop.last and suffix) }}
        {% endfor -%}
        {% endfor -%}
    from {{ published_ref('fct_journal') }}
    where account in ('sales', 'discounts', 'returns', 'tax_payable', 'shipping_income', 'cost_of_goods')
),

-- Each with the entry of its cost. Equal keys join by hash; a choice of two keys would compare every pair of rows.
changed_entries as (
    {% for entry_id in ['changes.entry_id', "concat('cost:', changes.entry_id)"] -%}
    select
        {{ entry_id }} as entry_id,
        changes.part,
        changes.recognised_date
    from changes
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Entries that the revenue mart has on another day, or not at all. The mart has what is recognised now on the day of the parcel.
moved as (
    select
        journal.*,
        changed_entries.part,
        changed_entries.recognised_date
    from changed_entries
    inner join journal on changed_entries.entry_id = journal.entry_id
),

-- Changes are converted at the rates of their own days. Amounts of a sale in its own currency are not converted.
converted as (
    {% for source, sign in [('moved', ''), ('revenue_events', '-')] -%}
    select
        {{ source }}.currency,
        {% for suffix in ['', '_reporting'] -%}
        {% for measure in accounts -%}
        {{ '0' if not suffix and measure != 'cost_of_goods'
            else sign ~ source ~ '.' ~ measure ~ '_amount' ~ suffix }} as {{ measure }}_amount{{ suffix }},
        {% endfor -%}
        {% endfor -%}
        {{ source }}.{{ 'recognised_date' if source == 'moved' else 'business_date' }} as business_date
    from {{ source }}
    {% if source == 'moved' -%}
    where moved.recognised_date is not null
    union all
    {% else -%}
    where
        revenue_events.recognition_clock = 'shipped'
        and revenue_events.event_kind in ('sale', 'shipping', 'return', 'goods_refund')
        and exists (
            select 1 from changes
            where
                changes.order_id = revenue_events.order_id
                {%- for key in ['line_id', 'shipment_id', 'return_id', 'payment_id'] %}
                and coalesce(changes.{{ key }}, '') = coalesce(revenue_events.{{ key }}, '')
                {%- endfor %}
        )
    {%- endif -%}
    {% endfor %}
),

parts as (
    {% for part, source, sign, date, condition in [
        ('placed', 'revenue_daily', '', 'business_date', 'true'),
        ('timing', 'revenue_events', '', 'business_date', "revenue_events.recognition_clock = 'shipped'"),
        ('timing', 'revenue_events', '-', 'business_date', "revenue_events.recognition_clock = 'placed'"),
        ('moved', 'moved', '', 'business_date', 'coalesce(moved.recognised_date <> moved.business_date, true)'),
        ('moved', 'moved', '-', 'recognised_date', 'moved.recognised_date <> moved.business_date'),
        ('rates', 'converted', '', 'business_date', 'true'),
        ('gift_cards', 'journal', '', 'business_date', "journal.entry_kind in ('gift_card', 'gift_card_change')"),
        ('journal', 'journal', '', 'business_date', 'true'),
    ] -%}
    select
        {{ 'moved.part' if part == 'moved' else "'" ~ part ~ "' as part" }},
        {{ source }}.{{ date }} as business_date,
        {{ source }}.currency,
        {% for suffix in ['', '_reporting'] -%}
        {% for measure in accounts -%}
        {{ sign }}{{ source }}.{{ measure }}_amount{{ suffix }}{{ ' as ' ~ measure ~ '_amount' ~ suffix if sign }}
        {{- ',' if not (loop.last and suffix) }}
        {% endfor -%}
        {% endfor -%}
    from {{ source }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Sums are never partial: if an amount of a day is unknown, they are null.
days as (
    select
        parts.part,
        parts.business_date,
        parts.currency,
        {% for suffix in ['', '_reporting'] -%}
        {% for measure in accounts -%}
        {{ whole_sum('parts.' ~ measure ~ '_amount' ~ suffix) }} as {{ measure }}_amount{{ suffix }}
        {{- ',' if not (loop.last and suffix) }}
        {% endfor -%}
        {% endfor -%}
    from parts
    group by
        parts.part,
        parts.business_date,
        parts.currency
),

measures as (
    select
        days.part,
        days.business_date,
        days.currency,
        measures.measure,
        {% for suffix in ['', '_reporting'] -%}
        case measures.measure
            {% for measure in accounts -%}
            when '{{ measure }}' then days.{{ measure }}_amount{{ suffix }}
            {% endfor -%}
        end as amount{{ suffix }}{{ ',' if not suffix }}
        {% endfor -%}
    from days
    cross join (values {% for measure in accounts %}('{{ measure }}'){{ ', ' if not loop.last }}{% endfor %}) as measures (measure)
),

summed as (
    select
        measures.business_date,
        measures.currency,
        measures.measure,
        {% for suffix in ['', '_reporting'] -%}
        {% for part in parts -%}
        case when count(case when measures.part = '{{ part }}' and measures.amount{{ suffix }} is null then 1 end) = 0
            then coalesce(sum(case when measures.part = '{{ part }}' then measures.amount{{ suffix }} end), 0)
        end as {{ part }}_amount{{ suffix }}{{ ',' if not (loop.last and suffix) }}
        {% endfor -%}
        {% endfor -%}
    from measures
    group by
        measures.business_date,
        measures.currency,
        measures.measure
),

final as (
    select
        cast(summed.business_date as date) as business_date,
        summed.currency,
        summed.measure,
        {% for suffix in ['', '_reporting'] -%}
        {% for part in parts -%}
        cast(summed.{{ part }}_amount{{ suffix }} as {{ money_type() }}) as {{ part }}_amount{{ suffix }},
        {% endfor -%}
        cast(
            summed.journal_amount{{ suffix }}
            {%- for part in parts[:-1] %} - summed.{{ part }}_amount{{ suffix }}{% endfor %} as {{ money_type() }}
        ) as unexplained_amount{{ suffix }}{{ ',' if not suffix }}
        {% endfor -%}
    from summed
)

select * from final
