-- reporting_digits() is a constant of the compiled SQL and not a column of the seed.
with expected as (
    {% for currency, digits in uncommon_digits().items() -%}
    select
        '{{ currency }}' as currency,
        {{ digits }} as minor_digits
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    coalesce(currencies.currency, expected.currency) as currency,
    currencies.minor_digits as seed_digits,
    expected.minor_digits as macro_digits
from {{ ref('currencies') }} as currencies
full outer join expected on currencies.currency = expected.currency
where coalesce(currencies.minor_digits, 2) <> coalesce(expected.minor_digits, 2)
