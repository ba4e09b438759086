with files_received as (
    select * from {{ ref('int_files_received') }}
),

found as (
    select * from {{ ref('int_drift_columns') }}
    union all
    select * from {{ ref('int_drift_vocabulary') }}
    union all
    select * from {{ ref('int_drift_volume') }}
),

final as (
    select
        found.source,
        found.feed,
        found.kind,
        found.column_name,
        found.severity,
        found.before_value,
        found.after_value,
        files_received.path,
        found.file_id,
        case found.kind
            when 'new_column' then 'A column that no earlier file had.'
            when 'lost_column' then 'A column that the files before had is not there any more.'
            when 'kind_changed' then 'The values of the column are of another kind than in any earlier file.'
            when 'more_empty' then 'The column is empty far more often than in the files before.'
            when 'new_word' then 'A word that no earlier file had.'
            when 'volume' then 'The file has far more or fewer rows than the files before.'
        end as detail,
        files_received.received_at,
        files_received.first_batch_id as batch_id
    from found
    inner join files_received
        on
            found.source = files_received.source
            and found.feed = files_received.feed
            and found.file_id = files_received.file_id
    -- A file that the product wrote has the columns, words and rows that one request needs, so none is like the others.
    where
        not (found.source = 'operators' and found.feed = 'actions')
        and found.feed not in ('campaign_members', 'suppressions')
)

select * from final
