{#
  Instant of a promise or an estimate. A day is received as its midnight without any zone, and becomes the beginning of
  this day in the business time zone. Rows that were received before days were kept as written have the instant of another
  midnight and keep it.
#}
{% macro promised_instant(instant, is_day) -%}
    case
        when {{ is_day }} and {{ instant }} = cast(cast({{ instant }} as date) as timestamp)
            then {{ business_day_start('cast(' ~ instant ~ ' as date)') }}
        else {{ instant }}
    end
{%- endmacro %}

{# Last instant at which a promise is kept. A promise of a day ends with that business day. #}
{% macro promise_end(promised_at, is_day) -%}
    case
        when {{ is_day }}
            then {{ instant_before(business_day_start(add_days_to_date(business_date(promised_at), 1))) }}
        else {{ promised_at }}
    end
{%- endmacro %}
