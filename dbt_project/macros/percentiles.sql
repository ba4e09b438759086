{#
  Percentiles of durations that are counted in whole-hour buckets: interpolated between the two buckets around the position, as
  percentile_cont does between two values. This is the only definition; the queries over periods of days render it as well, so it
  uses no other macro.

  `buckets` names a relation with the columns of `keys`, `percentile`, `bucket_hours` and `durations_count`, one row per bucket.
#}
{% macro percentiles_of_buckets(buckets, keys) -%}
    select
        {% for key in keys %}neighbours.{{ key }}, {% endfor %}
        neighbours.lower_hours
        + (neighbours.position - floor(neighbours.position)) * (neighbours.upper_hours - neighbours.lower_hours) as hours
    from (
        select
            {% for key in keys %}ranked.{{ key }}, {% endfor %}
            ranked.position,
            min(case when ranked.ranks_count > floor(ranked.position) then ranked.bucket_hours end) as lower_hours,
            min(case when ranked.ranks_count > ceil(ranked.position) then ranked.bucket_hours end) as upper_hours
        from (
            select
                {% for key in keys %}{{ buckets }}.{{ key }}, {% endfor %}
                {{ buckets }}.bucket_hours,
                {{ buckets }}.percentile * (sum({{ buckets }}.durations_count) over whole - 1) as position,
                sum({{ buckets }}.durations_count) over so_far as ranks_count
            from {{ buckets }}
            window
                whole as (partition by {% for key in keys %}{{ buckets }}.{{ key }}{{ ', ' if not loop.last }}{% endfor %}),
                so_far as (
                    partition by {% for key in keys %}{{ buckets }}.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
                    order by {{ buckets }}.bucket_hours
                    rows between unbounded preceding and current row
                )
        ) as ranked
        group by {% for key in keys %}ranked.{{ key }}, {% endfor %}ranked.position
    ) as neighbours
{%- endmacro %}
