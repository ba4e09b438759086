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
