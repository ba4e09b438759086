{# The business day of a UTC instant. #}
{% macro business_date(instant) -%}
    cast({{ business_time(instant) }} as date)
{%- endmacro %}

{# A UTC instant as the clocks of the business time zone show it. #}
{% macro business_time(instant) -%}
    {{ return(adapter.dispatch('business_time', 'orderhouse')(instant)) }}
{%- endmacro %}

{% macro duckdb__business_time(instant) -%}
    {%- if var('business_time_zone') == 'UTC' -%}
        {{ instant }}
    {%- else -%}
        ({{ instant }} at time zone 'UTC') at time zone '{{ var("business_time_zone") }}'
    {%- endif -%}
{%- endmacro %}

{% macro default__business_time(instant) -%}
    from_utc_timestamp({{ instant }}, '{{ var("business_time_zone") }}')
{%- endmacro %}

{# The UTC instant at which a business day begins. #}
{% macro business_day_start(day) -%}
    {{ return(adapter.dispatch('business_day_start', 'orderhouse')(day)) }}
{%- endmacro %}

{% macro duckdb__business_day_start(day) -%}
    cast((cast({{ day }} as timestamp) at time zone '{{ var("business_time_zone") }}') at time zone 'UTC' as timestamp)
{%- endmacro %}

{% macro default__business_day_start(day) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), '{{ var("business_time_zone") }}')
{%- endmacro %}

{# Hours from one instant to another, as a double. Null if either instant is null. #}
{% macro hours_between(earlier, later) -%}
    {{ return(adapter.dispatch('hours_between', 'orderhouse')(earlier, later)) }}
{%- endmacro %}

{% macro duckdb__hours_between(earlier, later) -%}
    cast(date_diff('second', {{ earlier }}, {{ later }}) as double) / 3600
{%- endmacro %}

{# Like date_diff, this counts the seconds that begin in between; timestampdiff would count whole seconds. #}
{% macro default__hours_between(earlier, later) -%}
    cast(unix_seconds({{ later }}) - unix_seconds({{ earlier }}) as double) / 3600
{%- endmacro %}

{# Whole days from one date to another. #}
{% macro days_between(earlier, later) -%}
    {{ return(adapter.dispatch('days_between', 'orderhouse')(earlier, later)) }}
{%- endmacro %}

{% macro duckdb__days_between(earlier, later) -%}
    date_diff('day', cast({{ earlier }} as date), cast({{ later }} as date))
{%- endmacro %}

{% macro default__days_between(earlier, later) -%}
    datediff(cast({{ later }} as date), cast({{ earlier }} as date))
{%- endmacro %}

{# An instant some days later (n may be negative or a column). #}
{% macro add_days(instant, n) -%}
    {{ return(adapter.dispatch('add_days', 'orderhouse')(instant, n)) }}
{%- endmacro %}

{% macro duckdb__add_days(instant, n) -%}
    ({{ instant }} + to_days(cast({{ n }} as integer)))
{%- endmacro %}

{% macro default__add_days(instant, n) -%}
    ({{ instant }} + make_dt_interval({{ n }}))
{%- endmacro %}

{# A date some days later. #}
{% macro add_days_to_date(day, n) -%}
    {{ return(adapter.dispatch('add_days_to_date', 'orderhouse')(day, n)) }}
{%- endmacro %}

{% macro duckdb__add_days_to_date(day, n) -%}
    (cast({{ day }} as date) + cast({{ n }} as integer))
{%- endmacro %}

{% macro default__add_days_to_date(day, n) -%}
    date_add(cast({{ day }} as date), cast({{ n }} as int))
{%- endmacro %}

{# A `select day from …` source: one row per day of an inclusive range of dates. #}
{% macro day_series(first_day, last_day) -%}
    {{ return(adapter.dispatch('day_series', 'orderhouse')(first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__day_series(first_day, last_day) -%}
    select cast(days.day as date) as day
    from unnest(generate_series(cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval 1 day)) as days (day)
{%- endmacro %}

{% macro default__day_series(first_day, last_day) -%}
    select explode(sequence(cast({{ first_day }} as date), cast({{ last_day }} as date))) as day
{%- endmacro %}

{# An instant some seconds later (n may be a column). #}
{% macro add_seconds(instant, n) -%}
    {{ return(adapter.dispatch('add_seconds', 'orderhouse')(instant, n)) }}
{%- endmacro %}

{% macro duckdb__add_seconds(instant, n) -%}
    ({{ instant }} + to_seconds({{ n }}))
{%- endmacro %}

{% macro default__add_seconds(instant, n) -%}
    ({{ instant }} + make_dt_interval(0, 0, 0, {{ n }}))
{%- endmacro %}

{# The first day of a date's month. #}
{% macro month_start(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}
