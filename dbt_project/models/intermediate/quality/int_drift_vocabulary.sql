with files_received as (
    select * from {{ ref('int_files_received') }}
),

words_seen as (
    select * from {{ source('raw', 'words_seen') }}
),

known_words as (
    select * from {{ ref('stg_vocabulary') }}
),

-- Columns without a vocabulary are free text.
mapped_columns as (
    select distinct
        known_words.source,
        known_words.feed,
        known_words.column_name
    from known_words
),

words_received as (
    select
        words_seen.source,
        words_seen.feed,
        words_seen.column_name,
        lower(words_seen.word) as word,
        min(words_seen.word) as word_as_written,
        min(files_received.file_number) as file_number
    from words_seen
    inner join files_received
        on
            words_seen.source = files_received.source
            and words_seen.feed = files_received.feed
            and words_seen.file_id = files_received.file_id
            and words_seen.batch_id = files_received.batch_id
    inner join mapped_columns
        on
            words_seen.source = mapped_columns.source
            and words_seen.feed = mapped_columns.feed
            and words_seen.column_name = mapped_columns.column_name
    group by words_seen.source, words_seen.feed, words_seen.column_name, lower(words_seen.word)
),

new_words as (
    select words_received.*
    from words_received
    qualify words_received.file_number > min(words_received.file_number) over (
        partition by words_received.source, words_received.feed, words_received.column_name
    )
),

final as (
    select
        new_words.source,
        new_words.feed,
        files_received.file_id,
        'new_word' as kind,
        new_words.column_name,
        case when known_words.word is null then 'warn' else 'info' end as severity,
        cast(null as {{ dbt.type_string() }}) as before_value,
        new_words.word_as_written as after_value
    from new_words
    inner join files_received
        on
            new_words.source = files_received.source
            and new_words.feed = files_received.feed
            and new_words.file_number = files_received.file_number
    left join known_words
        on
            new_words.source = known_words.source
            and new_words.feed = known_words.feed
            and new_words.column_name = known_words.column_name
            and new_words.word = known_words.word
)

select * from final
