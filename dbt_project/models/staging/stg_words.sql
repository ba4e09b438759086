{# The vocabulary of the source takes precedence over that of its format, and that over the canonical words. #}
with sources as (
    select * from {{ source('raw', 'sources') }}
),

declared_words as (
    select * from {{ source('raw', 'words') }}
),

format_words as (
    select * from {{ ref('format_words') }}
),

canonical_words as (
    select * from {{ ref('canonical_words') }}
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
        format_words.feed,
        format_words.column_name,
        format_words.word,
        format_words.meaning,
        2 as priority
    from current_sources
    inner join format_words on current_sources.format = format_words.format

    union all

    select
        current_sources.source,
        canonical_words.feed,
        canonical_words.column_name,
        canonical_words.word,
        canonical_words.word as meaning,
        3 as priority
    from current_sources
    cross join canonical_words
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
