-- Per business day and currency, to the cent, also in the reporting currency. Tax of gift cards is only in the journal. Days without
-- a rate or a cost have no sums to compare.
with journal as (
    select
        business_date,
        currency,
        {% for suffix in ['', '_reporting'] -%}
        {% for account, column, sign in [
            ('sales', 'gross_sales', 1), ('discounts', 'discounts', -1), ('returns', 'returns', -1), ('tax_payable', 'tax', 1),
            ('shipping_income', 'shipping', 1), ('cost_of_goods', 'cost_of_goods', -1)
        ] -%}
        sum(case when account = '{{ account }}' then credit_amount{{ suffix }} - debit_amount{{ suffix }} else 0 end) * {{ sign }}
            as {{ column }}_amount{{ suffix }}{{ ',' if not (loop.last and suffix) }}
        {% endfor -%}
        {% endfor -%}
    from {{ ref('fct_journal') }}
    where entry_kind in ('sale', 'shipping', 'return', 'goods_refund', 'credit_note', 'cost')
    group by
        business_date,
        currency
),

revenue as (
    select
        business_date,
        currency,
        {% for suffix in ['', '_reporting'] -%}
        {% for column in ['gross_sales', 'discounts', 'returns', 'tax', 'shipping', 'cost_of_goods'] -%}
        {{ whole_sum(column ~ '_amount' ~ suffix) }} as {{ column }}_amount{{ suffix }}{{ ',' if not (loop.last and suffix) }}
        {% endfor -%}
        {% endfor -%}
    from {{ ref('fct_revenue_daily') }}
    where recognition_clock = 'shipped'
    group by
        business_date,
        currency
)

select
    coalesce(journal.business_date, revenue.business_date) as business_date,
    coalesce(journal.currency, revenue.currency) as currency,
    journal.gross_sales_amount as journal_amount,
    revenue.gross_sales_amount as revenue_amount
from journal
full outer join revenue
    on
        journal.business_date = revenue.business_date
        and journal.currency = revenue.currency
where
    {% for suffix in ['', '_reporting'] -%}
    {% for column in ['gross_sales', 'discounts', 'returns', 'tax', 'shipping', 'cost_of_goods'] -%}
    (
        coalesce(journal.{{ column }}_amount{{ suffix }}, 0) <> coalesce(revenue.{{ column }}_amount{{ suffix }}, 0)
        and (
            revenue.business_date is null
            or (revenue.{{ column }}_amount is not null and revenue.{{ column }}_amount{{ suffix }} is not null)
        )
    )
    {{ 'or' if not (loop.last and suffix) }}
    {% endfor -%}
    {% endfor %}
