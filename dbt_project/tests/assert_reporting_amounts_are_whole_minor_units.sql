with amounts as (
    {% for mart, columns in {
        'fct_revenue_daily': [
            'gross_sales_amount', 'discounts_amount', 'returns_amount', 'net_sales_amount', 'tax_amount', 'shipping_amount',
            'total_sales_amount', 'refunds_amount', 'fees_amount', 'cost_of_goods_amount', 'gross_margin_amount'
        ],
        'fct_revenue_pipeline': [
            'gross_sales_amount', 'discounts_amount', 'net_sales_amount', 'tax_amount', 'shipping_amount', 'total_sales_amount'
        ],
        'fct_journal': ['debit_amount', 'credit_amount'],
        'fct_payment_ledger': ['amount', 'signed_amount', 'fee_amount'],
        'fct_orders': ['net_amount', 'due_amount'],
        'dim_customers': ['gross_amount', 'discount_amount', 'returned_amount', 'net_spend_amount']
    }.items() -%}
    {% set ends = loop.last -%}
    {% for column in columns -%}
    select
        '{{ mart }}.{{ column }}_reporting' as subject,
        {{ column }}_reporting as amount
    from {{ ref(mart) }}
    {{ 'union all' if not (ends and loop.last) }}
    {% endfor -%}
    {% endfor %}
)

select
    amounts.subject,
    amounts.amount
from amounts
where amounts.amount <> {{ round_half_even('amounts.amount', reporting_digits()) }}
