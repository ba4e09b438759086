-- One scan per mart. A row is listed with its first column that is off.
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
select
    case
        {%- for column in columns %}
        when {{ is_broken_amount(column ~ '_reporting', reporting_digits()) }} then '{{ mart }}.{{ column }}_reporting'
        {%- endfor %}
    end as subject,
    case
        {%- for column in columns %}
        when {{ is_broken_amount(column ~ '_reporting', reporting_digits()) }} then {{ column }}_reporting
        {%- endfor %}
    end as amount
from {{ ref(mart) }}
where
    {% for column in columns -%}
    {{ is_broken_amount(column ~ '_reporting', reporting_digits()) }}
    {% if not loop.last %}or {% endif %}
    {%- endfor %}
{% if not loop.last %}union all{% endif %}
{% endfor %}
