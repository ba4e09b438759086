{{ config(materialized='view') }}
{#- People act at the present, which is after the clock of a build as of an earlier instant: what they ask for is open at once. -#}
{%- set asked = "('return_requested', 'cancel_requested', 'change_requested')" %}

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

fx_daily as (
    select * from {{ published_ref('int_fx_daily') }}
),

orders as (
    select * from {{ published_ref('int_order_states') }}
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
        case when exceptions.code in {{ asked }} then least(exceptions.opened_at, clock.as_of) else exceptions.opened_at end
            as opened_at
    from exceptions
    cross join clock
    where
        exceptions.opened_at is null
        or exceptions.code in {{ asked }}
        or exceptions.opened_at < clock.as_of
        or (exceptions.opened_at = clock.as_of and exceptions.code not in ('action_unconfirmed', 'late', 'stuck_in_transit', 'unpaid'))
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
            {{ counted('count(*)', 'event') }}, ' after the clock of this build',
            case when count(*) = 1 then ', at ' else ', the last at ' end,
            {{ written_instant('max(timeline.occurred_at)') }}
        ) as detail,
        min(timeline._source) as source,
        cast(null as {{ money_type() }}) as amount_at_stake,
        max(clock.as_of) as opened_at
    from timeline
    cross join clock
    where
        timeline.occurred_at > clock.as_of
        and (timeline.feed <> 'orders' or timeline.event = 'placed')
        -- Operators act at the present, which is after the clock of a build as of an earlier instant.
        and timeline.feed not in ('order_lines', 'actions')
    group by timeline.order_id
),

visible as (
    select * from open_exceptions
    union all
    select * from future_events
),

final as (
    select
        visible.exception_id,
        visible.subject_type,
        visible.subject_id,
        visible.order_id,
        visible.sku,
        visible.code,
        case
            when
                visible.code = 'action_unconfirmed'
                and {{ hours_between('visible.opened_at', 'clock.as_of') }}
                >= {{ var('action_unconfirmed_high_hours') - var('action_unconfirmed_hours') }}
                then 'high'
            else codes.severity
        end as severity,
        codes.what_to_do,
        codes.owner,
        visible.currency,
        visible.detail,
        visible.source,
        visible.amount_at_stake,
        {{ reporting_amount('visible.amount_at_stake', 'fx_daily.rate') }} as amount_at_stake_reporting,
        visible.opened_at,
        {{ hours_between('visible.opened_at', 'clock.as_of') }} as age_hours
    from visible
    cross join clock
    left join codes on visible.code = codes.code
    left join orders on visible.order_id = orders.order_id
    -- An amount of an order has the rate of its day, as the order itself: the exception recognises no money.
    left join fx_daily
        on
            visible.currency = fx_daily.currency
            and coalesce(orders.placed_date, {{ business_date('visible.opened_at') }}, clock.business_date) = fx_daily.rate_date
)

select * from final
