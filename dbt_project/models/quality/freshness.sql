{# When something happened, by feed. #}
{%- set instants = {
    'orders': 'updated_at',
    'order_lines': 'updated_at',
    'payments': 'occurred_at',
    'shipments': 'shipped_at',
    'tracking': 'occurred_at',
    'returns': 'occurred_at',
    'stock': 'occurred_at',
    'inbound': 'updated_at',
    'products': 'updated_at',
    'customers': 'updated_at',
    'fx_rates': 'rate_date',
    'carts': 'occurred_at',
    'feedback': 'occurred_at',
    'actions': 'occurred_at',
} %}
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

newest_events as (
    {%- for feed, column in instants.items() %}
    select
        received._source as source,
        '{{ feed }}' as feed,
        cast(max(received.{{ column }}) as {{ dbt.type_timestamp() }}) as newest_event_at
    from {{ source('raw', feed) }} as received
    where received.{{ column }} <= (select clock.as_of from clock)
    group by received._source
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
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

-- A feed that never came is due one interval after it was declared.
due as (
    select
        feeds.source,
        feeds.feed,
        expected.every as expected_every,
        coalesce(received.files_count, 0) as files_count,
        received.last_received_at,
        newest_events.newest_event_at,
        {{ add_seconds('coalesce(received.last_received_at, expected.declared_at)', 'expected.every_seconds') }} as due_at
    from feeds
    left join received on feeds.source = received.source and feeds.feed = received.feed
    left join expected on feeds.source = expected.source and feeds.feed = expected.feed
    left join newest_events on feeds.source = newest_events.source and feeds.feed = newest_events.feed
),

final as (
    select
        due.source,
        due.feed,
        due.expected_every,
        cast(due.files_count as bigint) as files_count,
        due.due_at < clock.as_of as is_overdue,
        due.last_received_at,
        due.newest_event_at,
        due.due_at
    from due
    cross join clock
)

select * from final
