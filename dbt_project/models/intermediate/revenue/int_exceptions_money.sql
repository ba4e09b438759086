{# Every exception about money: those of orders, and currencies without a rate on a day with sales. #}
{{ config(materialized='view') }}

with order_exceptions as (
    select * from {{ ref('int_order_money_exceptions') }}
),

revenue_daily as (
    select * from {{ ref('int_revenue_daily') }}
    where
        recognition_clock = 'placed'
        and currency <> '{{ var("reporting_currency") }}'
),

fx_daily as (
    select * from {{ ref('int_fx_daily') }}
),

without_rate as (
    select
        revenue_daily.currency,
        count(distinct revenue_daily.business_date) as days_count,
        min(revenue_daily.business_date) as first_date,
        max(revenue_daily.business_date) as last_date,
        sum(
            revenue_daily.gross_sales_amount
            - revenue_daily.discounts_amount
            - revenue_daily.returns_amount
            + revenue_daily.tax_amount
            + revenue_daily.shipping_amount
        ) as sales_amount
    from revenue_daily
    where not exists (
        select 1 from fx_daily
        where
            fx_daily.rate_date = revenue_daily.business_date
            and fx_daily.currency = revenue_daily.currency
    )
    group by revenue_daily.currency
),

final as (
    select
        order_exceptions.subject_type,
        order_exceptions.subject_id,
        order_exceptions.order_id,
        order_exceptions.sku,
        order_exceptions.code,
        order_exceptions.currency,
        order_exceptions.detail,
        order_exceptions.amount_at_stake,
        order_exceptions.opened_at,
        order_exceptions._source,
        order_exceptions._batch_id
    from order_exceptions
    union all
    select
        'currency' as subject_type,
        without_rate.currency as subject_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        'missing_fx_rate' as code,
        without_rate.currency,
        concat(
            'No rate to {{ var("reporting_currency") }} on ', {{ counted('without_rate.days_count', 'day') }},
            ' with revenue', case when without_rate.days_count = 1 then ', ' else ' from ' end,
            cast(without_rate.first_date as {{ dbt.type_string() }}),
            case
                when without_rate.days_count = 1 then ''
                else concat(' to ', cast(without_rate.last_date as {{ dbt.type_string() }}))
            end
        ) as detail,
        cast(without_rate.sales_amount as {{ money_type() }}) as amount_at_stake,
        {{ business_day_start('without_rate.first_date') }} as opened_at,
        cast(null as {{ dbt.type_string() }}) as _source,
        {{ this_batch() }} as _batch_id
    from without_rate
)

select * from final
