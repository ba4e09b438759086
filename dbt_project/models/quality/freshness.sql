{# Column with the time of the event, by feed. #}
{%- set instants = {
    'orders': 'updated_at',
    'order_lines': 'updated_at',
    'payments': 'occurred_at',
    'payouts': 'occurred_at',
    'shipments': 'shipped_at',
    'tracking': 'occurred_at',
    'returns': 'occurred_at',
    'stock': 'occurred_at',
    'inbound': 'updated_at',
    'products': 'updated_at',
    'customers': 'updated_at',
    'price_lists': 'updated_at',
    'carts': 'occurred_at',
    'feedback': 'occurred_at',
    'actions': 'occurred_at',
} %}
{# Feeds that have events on most days, so that a day without events is unusual. #}
{%- set rhythmic = "'orders', 'payments', 'shipments', 'tracking', 'returns', 'stock'" %}
with clock as (
    select * from {{ ref('as_of') }}
),

files as (
    select * from {{ source('raw', 'files') }}
),

expected_intervals as (
    select * from {{ source('raw', 'expected_intervals') }}
),

batches as (
    select * from {{ source('raw', 'batches') }}
),

-- Days are UTC days: computing the business day of all rows of a feed would take minutes.
event_days as (
    {%- for feed, column in instants.items() %}
    select
        received._source as source,
        '{{ feed }}' as feed,
        cast(received.{{ column }} as date) as event_date,
        cast(max(received.{{ column }}) as {{ dbt.type_timestamp() }}) as newest_event_at
    from {{ source('raw', feed) }} as received
    where received.{{ column }} <= (select clock.as_of from clock)
    group by received._source, cast(received.{{ column }} as date)
    union all
    {%- endfor %}
    -- A rate has a day and no instant.
    select
        received._source as source,
        'fx_rates' as feed,
        received.rate_date as event_date,
        cast(null as {{ dbt.type_timestamp() }}) as newest_event_at
    from {{ source('raw', 'fx_rates') }} as received
    where received.rate_date <= (select clock.business_date from clock)
    group by received._source, received.rate_date
),

event_gaps as (
    select
        event_days.source,
        event_days.feed,
        event_days.event_date,
        event_days.newest_event_at,
        {{ days_between(
            'lag(event_days.event_date) over (
                partition by event_days.source, event_days.feed order by event_days.event_date nulls last
            )',
            'event_days.event_date'
        ) }} as gap_days
    from event_days
),

newest_events as (
    select
        event_gaps.source,
        event_gaps.feed,
        max(event_gaps.event_date) as newest_event_date,
        max(event_gaps.newest_event_at) as newest_event_at,
        -- Three times the 95th percentile of the gaps. Fewer than ten days are too few for a rhythm.
        case
            when event_gaps.feed in ({{ rhythmic }}) and count(*) >= 10
                then greatest(
                    3 * {{ percentile_of_parts(0.95, 'event_gaps.gap_days', 1) }},
                    3
                )
        end as allowed_quiet_days
    from event_gaps
    group by event_gaps.source, event_gaps.feed
),

received as (
    select
        files.source,
        files.feed,
        count(distinct files.file_id) as files_count,
        max(files.received_at) as last_received_at
    from files
    where
        files.status = 'loaded'
        and files.feed is not null
    group by files.source, files.feed
),

expected as (
    select
        expected_intervals.source,
        expected_intervals.feed,
        expected_intervals.every,
        expected_intervals.every_seconds,
        batches.started_at as declared_at
    from expected_intervals
    inner join batches on expected_intervals.batch_id = batches.batch_id
    where
        expected_intervals.batch_id = (select max(latest.batch_id) from expected_intervals as latest)
        and expected_intervals.source is not null
),

feeds as (
    select
        received.source,
        received.feed
    from received
    union distinct
    select
        expected.source,
        expected.feed
    from expected
),

-- A feed that was never received is due one interval after it was declared.
due as (
    select
        feeds.source,
        feeds.feed,
        expected.every as expected_every,
        coalesce(received.files_count, 0) as files_count,
        received.last_received_at,
        newest_events.newest_event_at,
        newest_events.newest_event_date,
        newest_events.allowed_quiet_days,
        {{ add_seconds('coalesce(received.last_received_at, expected.declared_at)', 'expected.every_seconds') }} as due_at
    from feeds
    left join received on feeds.source = received.source and feeds.feed = received.feed
    left join expected on feeds.source = expected.source and feeds.feed = expected.feed
    left join newest_events on feeds.source = newest_events.source and feeds.feed = newest_events.feed
),

judged as (
    select
        due.*,
        due.due_at < clock.as_of as is_overdue,
        {{ days_between('due.newest_event_date', 'clock.as_of') }} as quiet_days,
        {{ days_between('due.newest_event_date', 'clock.as_of') }} > due.allowed_quiet_days as is_quiet
    from due
    cross join clock
),

final as (
    select
        judged.source,
        judged.feed,
        judged.expected_every,
        case
            when judged.is_overdue then 'overdue'
            when judged.is_quiet then 'quiet'
            when coalesce(judged.is_overdue, judged.is_quiet) is not null then 'fresh'
        end as freshness_status,
        cast(judged.files_count as bigint) as files_count,
        cast(judged.quiet_days as bigint) as quiet_days,
        cast(judged.allowed_quiet_days as double) as allowed_quiet_days,
        judged.is_overdue,
        judged.is_quiet,
        case
            when judged.newest_event_at is null then judged.newest_event_date
            else {{ business_date('judged.newest_event_at') }}
        end as newest_event_date,
        judged.last_received_at,
        judged.newest_event_at,
        judged.due_at
    from judged
)

select * from final
