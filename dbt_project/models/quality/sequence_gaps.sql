with ids_received as (
    select * from {{ ref('int_ids_received') }}
),

numbered as (
    select * from {{ source('raw', 'numbered') }}
),

files as (
    select * from {{ source('raw', 'files') }}
),

patterns as (
    select
        numbered.source,
        numbered.pattern
    from numbered
    where
        numbered.batch_id = (select max(latest.batch_id) from numbered as latest)
        and numbered.source is not null
        and numbered.pattern is not null
),

-- Every received file whose name matches the pattern, accepted or not.
received_files as (
    select
        files.source,
        patterns.pattern,
        regexp_extract(files.path, patterns.pattern, 1) as digits,
        min(files.received_at) as received_at
    from files
    inner join patterns on files.source = patterns.source
    group by files.source, patterns.pattern, regexp_extract(files.path, patterns.pattern, 1)
),

-- An id is a prefix and the number at its end. Each prefix is a sequence of its own.
split_ids as (
    select
        ids_received.*,
        {{ without_last_digits('ids_received.id') }} as prefix
    from ids_received
),

received_numbers as (
    select
        split_ids.source,
        split_ids.feed,
        split_ids.column_name,
        split_ids.prefix,
        try_cast(substr(split_ids.id, length(split_ids.prefix) + 1) as bigint) as number,
        split_ids.is_accepted,
        split_ids.received_at
    from split_ids
    union all
    select
        received_files.source,
        'files' as feed,
        'path' as column_name,
        received_files.pattern as prefix,
        try_cast(received_files.digits as bigint) as number,
        true as is_accepted,
        received_files.received_at
    from received_files
),

numbers as (
    select
        received_numbers.source,
        received_numbers.feed,
        received_numbers.column_name,
        received_numbers.prefix,
        received_numbers.number,
        received_numbers.is_accepted,
        min(received_numbers.received_at) as received_at
    from received_numbers
    where received_numbers.number is not null
    group by
        received_numbers.source, received_numbers.feed, received_numbers.column_name, received_numbers.prefix,
        received_numbers.number, received_numbers.is_accepted
),

stepped as (
    select
        numbers.*,
        lag(numbers.number) over (
            partition by numbers.source, numbers.feed, numbers.column_name, numbers.prefix
            order by numbers.number
        ) as previous_number,
        lag(numbers.received_at) over (
            partition by numbers.source, numbers.feed, numbers.column_name, numbers.prefix
            order by numbers.number
        ) as previous_received_at
    from numbers
    where numbers.is_accepted
),

gaps as (
    select
        stepped.source,
        stepped.feed,
        stepped.column_name,
        stepped.prefix,
        stepped.previous_number + 1 as gap_from,
        stepped.number - 1 as gap_to,
        greatest(stepped.received_at, stepped.previous_received_at) as noticed_at
    from stepped
    where stepped.number > stepped.previous_number + 1
),

in_quarantine as (
    select
        gaps.source,
        gaps.feed,
        gaps.prefix,
        gaps.gap_from,
        count(*) as in_quarantine
    from gaps
    inner join numbers
        on
            gaps.source = numbers.source
            and gaps.feed = numbers.feed
            and gaps.prefix = numbers.prefix
            and numbers.number between gaps.gap_from and gaps.gap_to
    where not numbers.is_accepted
    group by gaps.source, gaps.feed, gaps.prefix, gaps.gap_from
),

final as (
    select
        gaps.source,
        gaps.feed,
        gaps.column_name,
        gaps.prefix,
        cast(gaps.gap_from as bigint) as gap_from,
        cast(gaps.gap_to as bigint) as gap_to,
        cast(gaps.gap_to - gaps.gap_from + 1 - coalesce(in_quarantine.in_quarantine, 0) as bigint) as missing,
        cast(coalesce(in_quarantine.in_quarantine, 0) as bigint) as in_quarantine,
        gaps.noticed_at
    from gaps
    left join in_quarantine
        on
            gaps.source = in_quarantine.source
            and gaps.feed = in_quarantine.feed
            and gaps.prefix = in_quarantine.prefix
            and gaps.gap_from = in_quarantine.gap_from
)

select * from final
