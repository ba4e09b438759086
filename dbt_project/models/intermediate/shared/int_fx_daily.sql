{#
  Rate to the reporting currency of the latest date on or before a day, at most a week old. A pair of currencies is
  converted through a base that quotes both. Of several bases the one with the newest rates counts, then the one that
  needs no cross rate.
#}
{%- set instants = [
    ('orders', 'placed_at'),
    ('orders', 'updated_at'),
    ('order_lines', 'updated_at'),
    ('payments', 'occurred_at'),
    ('payments', 'payout_at'),
    ('payouts', 'occurred_at'),
    ('payouts', 'arrives_at'),
    ('shipments', 'shipped_at'),
    ('tracking', 'occurred_at'),
    ('returns', 'occurred_at'),
    ('stock', 'occurred_at'),
    ('actions', 'occurred_at'),
] -%}
with fx_rates as (
    select * from {{ ref('stg_fx_rates') }}
    where is_current
),

currencies as (
    select * from {{ ref('currencies') }}
),

clock as (
    select * from {{ ref('as_of') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

payments as (
    select * from {{ ref('stg_payments') }}
),

shipments as (
    select * from {{ ref('stg_shipments') }}
),

tracking as (
    select * from {{ ref('stg_tracking') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

stock as (
    select * from {{ ref('stg_stock') }}
),

payouts as (
    select * from {{ ref('stg_payouts') }}
),

actions as (
    select * from {{ ref('stg_actions') }}
),

-- Range of days that have rows. Instants outside 1990 to 2100 are ignored, because a mistyped year would create millions
-- of rows.
spans as (
    {% for feed, column in instants -%}
    select
        min({{ feed }}.{{ column }}) as first_at,
        max({{ feed }}.{{ column }}) as last_at
    from {{ feed }}
    where {{ feed }}.{{ column }} between '1990-01-01' and '2100-01-01'
    union all
    {% endfor -%}
    select
        clock.as_of as first_at,
        clock.as_of as last_at
    from clock
),

span as (
    select
        {{ add_days_to_date('min(spans.first_at)', -1) }} as first_day,
        {{ add_days_to_date('max(spans.last_at)', 1) }} as last_day
    from spans
),

days as (
    {{ day_series('(select span.first_day from span)', '(select span.last_day from span)') }}
),

succeeded as (
    select
        fx_rates.base,
        fx_rates.quote,
        fx_rates.rate,
        fx_rates.rate_date,
        lead(fx_rates.rate_date) over (
            partition by fx_rates.base, fx_rates.quote
            order by fx_rates.rate_date
        ) as next_date
    from fx_rates
    where fx_rates.base <> fx_rates.quote
),

carried as (
    select
        succeeded.base,
        succeeded.quote,
        succeeded.rate,
        succeeded.rate_date as quoted_date,
        {{ add_days_to_date('succeeded.rate_date', 'ages.age') }} as rate_date
    from succeeded
    cross join (values (0), (1), (2), (3), (4), (5), (6), (7)) as ages (age)
    where
        succeeded.next_date is null
        or {{ add_days_to_date('succeeded.rate_date', 'ages.age') }} < succeeded.next_date
),

-- The rate of a base to itself is 1.
quoted as (
    select
        carried.base,
        carried.quote,
        carried.rate,
        carried.quoted_date,
        carried.rate_date
    from carried
    union all
    select distinct
        carried.base,
        carried.base as quote,
        cast(1 as decimal(18, 8)) as rate,
        carried.rate_date as quoted_date,
        carried.rate_date
    from carried
),

paired as (
    select
        foreign_quotes.quote as currency,
        foreign_quotes.base as via_currency,
        foreign_quotes.rate as currency_quote,
        reporting_quotes.rate as reporting_quote,
        {{ rate_quotient('reporting_quotes.rate', 'foreign_quotes.rate') }} as rate,
        foreign_quotes.rate_date,
        least(foreign_quotes.quoted_date, reporting_quotes.quoted_date) as quoted_date
    from quoted as foreign_quotes
    inner join quoted as reporting_quotes
        on
            foreign_quotes.base = reporting_quotes.base
            and foreign_quotes.rate_date = reporting_quotes.rate_date
    where
        reporting_quotes.quote = '{{ var("reporting_currency") }}'
        and foreign_quotes.quote <> '{{ var("reporting_currency") }}'
),

chosen as (
    select paired.*
    from paired
    where
        paired.rate is not null
        and paired.rate_date between (select span.first_day from span) and (select span.last_day from span)
    qualify row_number() over (
        partition by paired.rate_date, paired.currency
        order by
            paired.quoted_date desc,
            case when paired.via_currency in (paired.currency, '{{ var("reporting_currency") }}') then 0 else 1 end,
            paired.via_currency
    ) = 1
),

final as (
    select
        chosen.currency,
        chosen.via_currency,
        cast(chosen.currency_quote as decimal(18, 8)) as currency_quote,
        cast(chosen.reporting_quote as decimal(18, 8)) as reporting_quote,
        cast(chosen.rate as {{ rate_type() }}) as rate,
        chosen.rate_date,
        chosen.quoted_date
    from chosen
    union all
    select
        '{{ var("reporting_currency") }}' as currency,
        '{{ var("reporting_currency") }}' as via_currency,
        cast(1 as decimal(18, 8)) as currency_quote,
        cast(1 as decimal(18, 8)) as reporting_quote,
        cast(1 as {{ rate_type() }}) as rate,
        days.day as rate_date,
        days.day as quoted_date
    from days
)

select * from final
