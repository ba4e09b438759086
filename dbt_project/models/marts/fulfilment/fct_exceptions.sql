{{ config(materialized='view') }}

with exceptions as (
    select * from {{ published_ref('int_exceptions') }}
),

timeline as (
    select * from {{ published_ref('int_order_events') }}
),

codes as (
    select * from {{ published_ref('exception_codes') }}
),

clock as (
    select * from {{ published_ref('as_of') }}
),

currencies as (
    select * from {{ published_ref('currencies') }}
),

rates as (
    select * from {{ published_ref('int_fx_daily') }}
),

-- A deadline becomes an exception after it has passed; other exceptions open as soon as they are known.
open_exceptions as (
    select
        exceptions.exception_id,
        exceptions.subject_type,
        exceptions.subject_id,
        exceptions.order_id,
        exceptions.sku,
        exceptions.code,
        exceptions.currency,
        exceptions.detail,
        exceptions.source,
        exceptions.amount_at_stake,
        exceptions.opened_at
    from exceptions
    cross join clock
    where
        exceptions.opened_at is null
        or exceptions.opened_at < clock.as_of
        or (exceptions.opened_at = clock.as_of and exceptions.code not in ('late', 'stuck_in_transit', 'unpaid'))
),

future_events as (
    select
        md5(concat_ws('|', 'order', timeline.order_id, 'future_event')) as exception_id,
        'order' as subject_type,
        timeline.order_id as subject_id,
        timeline.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        'future_event' as code,
        cast(null as {{ dbt.type_string() }}) as currency,
        concat(
            cast(count(*) as {{ dbt.type_string() }}), ' event(s) after the clock of this build, the last at ',
            cast(max(timeline.occurred_at) as {{ dbt.type_string() }})
        ) as detail,
        min(timeline._source) as source,
        cast(null as {{ money_type() }}) as amount_at_stake,
        max(clock.as_of) as opened_at
    from timeline
    cross join clock
    where
        timeline.occurred_at > clock.as_of
        and (timeline.feed <> 'orders' or timeline.event = 'placed')
        and timeline.feed <> 'order_lines'
    group by timeline.order_id
),

visible as (
    select * from open_exceptions
    union all
    select * from future_events
),

-- What is at stake counts at the rate of the day on which the exception opened.
rounded as (
    select
        visible.*,
        {{ business_date('visible.opened_at') }} as opened_date,
        case
            when visible.currency is null then visible.amount_at_stake
            else {{ rounded_amount('visible.amount_at_stake', minor_unit('currencies.minor_digits')) }}
        end as rounded_amount_at_stake
    from visible
    left join currencies on visible.currency = currencies.currency
),

final as (
    select
        rounded.exception_id,
        rounded.subject_type,
        rounded.subject_id,
        rounded.order_id,
        rounded.sku,
        rounded.code,
        codes.severity,
        codes.what_to_do,
        codes.owner,
        rounded.currency,
        rounded.detail,
        rounded.source,
        cast(rounded.rounded_amount_at_stake as {{ money_type() }}) as amount_at_stake,
        {{ reporting_amount('rounded.rounded_amount_at_stake', 'rates.rate') }} as amount_at_stake_reporting,
        rounded.opened_at,
        {{ hours_between('rounded.opened_at', 'clock.as_of') }} as age_hours
    from rounded
    cross join clock
    left join codes on rounded.code = codes.code
    left join rates
        on
            rounded.opened_date = rates.rate_date
            and rounded.currency = rates.currency
)

select * from final
