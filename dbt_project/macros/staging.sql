{#
  CTEs that bring the raw rows of a feed into the shape that staging models select from. The last one is `versions`: every
  distinct version of every key, with `is_current`, `has_conflict` and `content_hash` (computed only if two rows compete).

  feed: Name of the feed.
  key: Its key columns.
  clock: Version clock of a versioned feed; none for an event feed.
  touched_by: Column whose newly received values are recomputed in an incremental run.
  touched_expression: Expression of touched_by, if the feed has no such column.
  learnt: Columns of an event feed that may become known after the event. The row that knows most of them is current. A row
    that knows fewer, and otherwise differs only in the instant, is no conflict with it.
  undone: Column, word and word in its place. A row with the first word takes the place of rows with the second word under its
    key, because the event that they report did not happen. It is no conflict with them. The words are those of the contract.
  follows: Two columns of rows that are read together with another row. A row whose first column equals its second follows
    the row that has this value as its touched_by. Each of the two rows touches the other.
#}
{% macro feed_versions(feed, key, touched_by, clock=none, touched_expression=none, learnt=[], undone=none, follows=none) -%}
{%- set relation = source('raw', feed) -%}
{%- set since = watermark() -%}
superseded_loads as (
    select * from {{ source('raw', 'superseded_loads') }}
),

superseded_replays as (
    select * from {{ source('raw', 'superseded_replays') }} as replays
    where replays.feed = '{{ feed }}'
),

arrived as (
    select
        rows_received.*
        {%- if touched_expression %},
        {{ touched_expression }} as {{ touched_by }}
        {%- endif %}
    from {{ relation }} as rows_received
    where
        {% if is_incremental() -%}
        {{ touched_expression or touched_by }} in (
            select {{ touched_expression or touched_by }} from {{ relation }} where _batch_id > {{ since }}
            {%- if follows %}
            union
            select followers.{{ touched_by }} from {{ relation }} as followers
            where
                followers.{{ follows[0] }} = followers.{{ follows[1] }}
                and followers.{{ follows[1] }} in (
                    select fresh.{{ touched_by }} from {{ relation }} as fresh where fresh._batch_id > {{ since }}
                )
            union
            select fresh.{{ follows[1] }} from {{ relation }} as fresh
            where
                fresh._batch_id > {{ since }}
                and fresh.{{ follows[0] }} = fresh.{{ follows[1] }}
            {%- endif %}
        )
        {%- else -%}
        true
        {%- endif %}
        and not exists (
            select 1 from superseded_loads
            where
                superseded_loads.source = rows_received._source
                and superseded_loads.file_id = rows_received._file_id
                and superseded_loads.batch_id > rows_received._batch_id
        )
        and not exists (
            select 1 from superseded_replays
            where
                superseded_replays.source = rows_received._source
                and superseded_replays.file_id = rows_received._file_id
                and superseded_replays.record = rows_received._record
                and superseded_replays.batch_id = rows_received._batch_id
        )
),

repeated_keys as (
    select {{ key | join(', ') }}
    from arrived
    group by {{ key | join(', ') }}
    having count(*) > 1
),

hashed as (
    select
        arrived.*,
        {{ content_hash(relation, 'arrived') }} as content_hash,
        {{ content_hash(relation, 'arrived', tokens=true) }} as token_hash
        {%- if learnt %},
        {{ content_hash(relation, 'arrived', without=learnt + ['occurred_at']) }} as core_hash,
        {% for column in learnt -%}
        case when arrived.{{ column }} is null then 0 else 1 end{% if not loop.last %} + {% endif %}
        {%- endfor %} as known_columns
        {%- endif %}
    from arrived
    inner join repeated_keys on {{ same_key('arrived', 'repeated_keys', key) }}
),

distinct_rows as (
    select hashed.*
    from hashed
    qualify row_number() over (
        partition by {{ key | join(', ') }}, content_hash, token_hash
        -- The source comes first: its vocabulary and coverage determine the meaning of the row, which must not depend on
        -- the order of arrival.
        order by _source, _received_at, _batch_id, _file_id, _record
    ) = 1
),
{% if learnt %}
judged as (
    select
        distinct_rows.*,
        {% if undone -%}
        case
            when {{ our_word('distinct_rows.' ~ undone[0], 'undone_words') }} = '{{ undone[1] }}'
                and max(case when {{ our_word('distinct_rows.' ~ undone[0], 'undone_words') }} = '{{ undone[2] }}' then 1 else 0 end)
                    over (partition by {{ key | join(', ') }}) = 1
                then 1
            else 0
        end
        {%- else -%}
        0
        {%- endif %} as is_undoing
    from distinct_rows
    {%- if undone %}
    left join {{ ref('stg_vocabulary') }} as undone_words
        on {{ word_of('undone_words', feed, undone[0], 'distinct_rows') }}
    {%- endif %}
),

measured as (
    select
        judged.*,
        max(known_columns) over (partition by {{ key | join(', ') }}, is_undoing) as most_known
    from judged
),
{% endif %}
competing as (
    select
        {{ 'measured' if learnt else 'distinct_rows' }}.*,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by
                {% if clock %}{{ clock }} desc, {% endif %}{% if learnt %}is_undoing desc, known_columns desc, {% endif -%}
                content_hash desc, token_hash desc
        ) = 1 as is_current,
        {% if learnt -%}
        {%- set alike = key | join(', ') ~ ', is_undoing' -%}
        min(core_hash) over (partition by {{ alike }}) <> max(core_hash) over (partition by {{ alike }})
        or count(case when known_columns = most_known then 1 end) over (partition by {{ alike }}) > 1
        {%- for column in learnt %}
        or coalesce(
            min({{ column }}) over (partition by {{ alike }})
            <> max({{ column }}) over (partition by {{ alike }}),
            false
        )
        {%- endfor %} as has_conflict
        {%- else -%}
        count(*) over (partition by {{ key | join(', ') }}{% if clock %}, {{ clock }}{% endif %}) > 1 as has_conflict
        {%- endif %}
    from {{ 'measured' if learnt else 'distinct_rows' }}
),

unrivalled as (
    select
        arrived.*,
        cast(null as {{ dbt.type_string() }}) as content_hash,
        cast(null as {{ dbt.type_string() }}) as token_hash,
        {%- if learnt %}
        cast(null as {{ dbt.type_string() }}) as core_hash,
        0 as known_columns,
        0 as is_undoing,
        0 as most_known,
        {%- endif %}
        true as is_current,
        false as has_conflict
    from arrived
    where not exists (
        select 1 from repeated_keys where {{ same_key('arrived', 'repeated_keys', key) }}
    )
),

versions as (
    select * from unrivalled
    union all
    select * from competing
)
{%- endmacro %}

{# Join condition on key columns that may be null. #}
{% macro same_key(left, right, key) -%}
    {%- for column in key -%}
        {{ left }}.{{ column }} is not distinct from {{ right }}.{{ column }}
        {%- if not loop.last %} and {% endif -%}
    {%- endfor -%}
{%- endmacro %}

{#
  SHA-256 over the sorted `name=value` pairs of the non-null contract columns in canonical form. With `tokens` it covers
  only the tokens of personal data, which decide if everything else is equal.
#}
{% macro content_hash(relation, alias, tokens=false, without=[]) -%}
    {%- if not execute -%}{{ return('cast(null as varchar)') }}{%- endif -%}
    {%- set pairs = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) | sort(attribute='name') -%}
        {%- set is_token = column.name.endswith('_token') -%}
        {%- if not column.name.startswith('_') and is_token == tokens and column.name not in without -%}
            {%- do pairs.append("'" ~ column.name ~ "=' || " ~ canonical_text(alias ~ '.' ~ column.name, column.dtype)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not pairs -%}{{ return("cast('' as " ~ dbt.type_string() ~ ")") }}{%- endif -%}
    {{ return(sha256_hex("concat_ws(chr(31), " ~ pairs | join(', ') ~ ")")) }}
{%- endmacro %}

{# Value as canonical text: decimals have no trailing zeros. #}
{% macro canonical_text(expression, type) -%}
    {%- if type | upper | replace(' ', '') is in ['DECIMAL(18,4)', 'DECIMAL(18,8)'] or type | upper | trim == 'DECIMAL' -%}
        {{ without_last(without_last('cast(' ~ expression ~ ' as ' ~ dbt.type_string() ~ ')', '0'), '.') }}
    {%- else -%}
        cast({{ expression }} as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}

{# Enumerated column in the words of the contract. Null becomes `default`; a word that is in no vocabulary becomes `unknown`. #}
{% macro our_word(column, words_alias, default='null') -%}
    case
        when {{ column }} is null then {{ default }}
        else coalesce({{ words_alias }}.meaning, 'unknown')
    end
{%- endmacro %}

{# Label in the vocabulary of its source. A label that is not in it stays as written, in lower case. #}
{% macro our_label(column, words_alias) -%}
    coalesce({{ words_alias }}.meaning, lower({{ column }}))
{%- endmacro %}

{# Join condition that finds a row's word in stg_vocabulary. #}
{% macro word_of(words_alias, feed, column, rows_alias='versions') -%}
    {{ words_alias }}.source = {{ rows_alias }}._source
    and {{ words_alias }}.feed = '{{ feed }}'
    and {{ words_alias }}.column_name = '{{ column }}'
    and {{ words_alias }}.word = lower({{ rows_alias }}.{{ column }})
{%- endmacro %}
