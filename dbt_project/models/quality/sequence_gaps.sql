{# Ids by column; the same as NUMBERED_COLUMNS of the sources. #}
{%- set columns = {
    'orders': 'order_id',
    'payments': 'payment_id',
    'shipments': 'shipment_id',
    'returns': 'return_id',
    'stock': 'movement_id',
    'inbound': 'po_id',
    'customers': 'customer_id',
    'carts': 'cart_id',
    'feedback': 'feedback_id',
    'actions': 'action_id',
} %}
with numbered as (
    select * from {{ source('raw', 'numbered') }}
),

files as (
    select * from {{ source('raw', 'files') }}
),

quarantine as (
    select * from {{ source('raw', 'quarantine') }}
),

declared as (
    select
        numbered.source,
        numbered.feed,
        numbered.column_name,
        numbered.pattern
    from numbered
    where
        numbered.batch_id = (select max(latest.batch_id) from numbered as latest)
        and numbered.source is not null
),

-- An id is a prefix and the number that it ends in; a prefix is a sequence of its own.
received_ids as (
    {%- for feed, column in columns.items() %}
    select
        received._source as source,
        '{{ feed }}' as feed,
        '{{ column }}' as column_name,
        received.{{ column }} as id,
        true as is_accepted,
        received._received_at as received_at
    from {{ source('raw', feed) }} as received
    where
        received.{{ column }} is not null
        and exists (
            select 1 from declared
            where
                declared.source = received._source
                and declared.feed = '{{ feed }}'
        )

    union all

    select
        quarantine.source,
        '{{ feed }}' as feed,
        '{{ column }}' as column_name,
        {{ json_text('quarantine.row_json', column) }} as id,
        false as is_accepted,
        quarantine.received_at
    from quarantine
    where
        quarantine.feed = '{{ feed }}'
        and exists (
            select 1 from declared
            where
                declared.source = quarantine.source
                and declared.feed = '{{ feed }}'
        )
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}
),

-- Every file that came, taken or not, that its pattern fits.
received_files as (
    select
        files.source,
        declared.pattern,
        regexp_extract(files.path, declared.pattern, 1) as digits,
        min(files.received_at) as received_at
    from files
    inner join declared on files.source = declared.source
    where declared.pattern is not null
    group by files.source, declared.pattern, regexp_extract(files.path, declared.pattern, 1)
),

split_ids as (
    select
        received_ids.*,
        {{ without_last_digits('received_ids.id') }} as prefix
    from received_ids
    where received_ids.id is not null
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
