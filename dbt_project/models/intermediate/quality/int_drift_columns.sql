with files_received as (
    select * from {{ ref('int_files_received') }}
),

columns_seen as (
    select * from {{ source('raw', 'columns_seen') }}
),

columns_received as (
    select
        files_received.source,
        files_received.feed,
        files_received.file_id,
        files_received.looked_at_number as file_number,
        columns_seen.column_name,
        columns_seen.kind,
        columns_seen.rows_seen,
        columns_seen.empty_seen,
        columns_seen.is_used
    from columns_seen
    inner join files_received
        on
            columns_seen.source = files_received.source
            and columns_seen.feed = files_received.feed
            and columns_seen.file_id = files_received.file_id
            and columns_seen.batch_id = files_received.batch_id
    where files_received.looked_at_number is not null
),

-- Statistics of the same column in the earlier files.
compared as (
    select
        columns_received.*,
        lag(columns_received.file_number) over by_file as previous_number,
        lag(columns_received.file_number, 2) over by_file as one_before_number,
        lead(columns_received.file_number) over by_file as next_number,
        {%- for kind in ['text', 'instant', 'date', 'decimal', 'integer', 'bool'] %}
        coalesce(max(case when columns_received.kind = '{{ kind }}' then 1 else 0 end) over earlier_files, 0) = 1
            as has_been_{{ kind }},
        {%- endfor %}
        sum(columns_received.rows_seen) over recent_files as recent_rows,
        sum(columns_received.empty_seen) over recent_files as recent_empty
    from columns_received
    window
        by_file as (
            partition by columns_received.source, columns_received.feed, columns_received.column_name
            order by columns_received.file_number
        ),
        earlier_files as (
            partition by columns_received.source, columns_received.feed, columns_received.column_name
            order by columns_received.file_number
            rows between unbounded preceding and 1 preceding
        ),
        recent_files as (
            partition by columns_received.source, columns_received.feed, columns_received.column_name
            order by columns_received.file_number
            rows between {{ var('drift_window_files') }} preceding and 1 preceding
        )
),

judged as (
    select
        compared.*,
        case
            when compared.has_been_text then 'text'
            when compared.has_been_instant then 'instant'
            when compared.has_been_date then 'date'
            when compared.has_been_decimal then 'decimal'
            when compared.has_been_integer then 'integer'
            when compared.has_been_bool then 'bool'
        end as widest_kind,
        {{ ratio('compared.empty_seen', 'compared.rows_seen') }} as empty_share,
        {{ ratio('compared.recent_empty', 'compared.recent_rows') }} as recent_empty_share
    from compared
),

new_columns as (
    select
        judged.source,
        judged.feed,
        judged.file_number,
        'new_column' as kind,
        judged.column_name,
        case when judged.is_used then 'info' else 'warn' end as severity,
        cast(null as {{ dbt.type_string() }}) as before_value,
        coalesce(judged.kind, 'a column that nothing is taken from') as after_value
    from judged
    where
        judged.previous_number is null
        and judged.file_number > 1
),

-- The column was in the three files before (in all, if there are fewer) and is missing in the next.
lost_columns as (
    select
        judged.source,
        judged.feed,
        judged.file_number + 1 as file_number,
        'lost_column' as kind,
        judged.column_name,
        case when judged.is_used then 'warn' else 'info' end as severity,
        coalesce(judged.kind, 'a column that nothing is taken from') as before_value,
        cast(null as {{ dbt.type_string() }}) as after_value
    from judged
    where
        coalesce(judged.next_number > judged.file_number + 1, true)
        and case
            when judged.file_number = 1 then true
            when judged.file_number = 2 then coalesce(judged.previous_number = 1, false)
            else coalesce(judged.one_before_number = judged.file_number - 2, false)
        end
),

-- A kind of value that no earlier file had, neither itself nor as part of a wider kind.
changed_kinds as (
    select
        judged.source,
        judged.feed,
        judged.file_number,
        'kind_changed' as kind,
        judged.column_name,
        case
            when judged.kind = 'decimal' and judged.widest_kind = 'integer' then 'info'
            when judged.kind = 'instant' and judged.widest_kind = 'date' then 'info'
            else 'warn'
        end as severity,
        judged.widest_kind as before_value,
        judged.kind as after_value
    from judged
    where
        judged.widest_kind is not null
        and case judged.kind
            when 'text' then not judged.has_been_text
            when 'instant' then not (judged.has_been_text or judged.has_been_instant)
            when 'date' then not (judged.has_been_text or judged.has_been_instant or judged.has_been_date)
            when 'decimal' then not (judged.has_been_text or judged.has_been_decimal)
            when 'integer' then not (judged.has_been_text or judged.has_been_decimal or judged.has_been_integer)
            when 'bool' then not (judged.has_been_text or judged.has_been_bool)
            else false
        end
),

more_empty as (
    select
        judged.source,
        judged.feed,
        judged.file_number,
        'more_empty' as kind,
        judged.column_name,
        'warn' as severity,
        concat(cast(cast(round(judged.recent_empty_share * 100) as bigint) as {{ dbt.type_string() }}), ' % empty')
            as before_value,
        concat(cast(cast(round(judged.empty_share * 100) as bigint) as {{ dbt.type_string() }}), ' % empty')
            as after_value
    from judged
    where
        judged.rows_seen >= {{ var('drift_rows') }}
        and judged.recent_rows >= 2 * {{ var('drift_rows') }}
        and judged.empty_share - judged.recent_empty_share >= {{ var('drift_empty_share') }}
),

found as (
    select * from new_columns
    union all
    select * from lost_columns
    union all
    select * from changed_kinds
    union all
    select * from more_empty
),

final as (
    select
        found.source,
        found.feed,
        files_received.file_id,
        found.kind,
        found.column_name,
        found.severity,
        found.before_value,
        found.after_value
    from found
    inner join files_received
        on
            found.source = files_received.source
            and found.feed = files_received.feed
            and found.file_number = files_received.looked_at_number
)

select * from final
