{# The vocabulary of the source takes precedence over that of its format, and that over the canonical words. #}
with sources as (
    select * from {{ source('raw', 'sources') }}
),

declared_words as (
    select * from {{ source('raw', 'words') }}
),

format_vocabulary as (
    select * from {{ ref('format_vocabulary') }}
),

canonical_vocabulary as (
    select * from {{ ref('canonical_vocabulary') }}
),

current_sources as (
    select
        sources.source,
        sources.format
    from sources
    where sources.batch_id = (select max(latest.batch_id) from sources as latest)
),

candidates as (
    select
        declared_words.source,
        declared_words.feed,
        declared_words.column_name,
        lower(declared_words.word) as word,
        lower(declared_words.meaning) as meaning,
        1 as priority
    from declared_words
    where declared_words.batch_id = (select max(latest.batch_id) from declared_words as latest)

    union all

    select
        current_sources.source,
        format_vocabulary.feed,
        format_vocabulary.column_name,
        format_vocabulary.word,
        format_vocabulary.meaning,
        2 as priority
    from current_sources
    inner join format_vocabulary on current_sources.format = format_vocabulary.format

    union all

    select
        current_sources.source,
        canonical_vocabulary.feed,
        canonical_vocabulary.column_name,
        canonical_vocabulary.word,
        canonical_vocabulary.word as meaning,
        3 as priority
    from current_sources
    cross join canonical_vocabulary
),

final as (
    select
        candidates.source,
        candidates.feed,
        candidates.column_name,
        candidates.word,
        candidates.meaning
    from candidates
    qualify row_number() over (
        partition by candidates.source, candidates.feed, candidates.column_name, candidates.word
        order by candidates.priority, candidates.meaning
    ) = 1
)

select * from final
