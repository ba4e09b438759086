{#
  Query for the refusals of actions by the seed action_rules: one row per action and axis whose state is refused.

  contexts: CTE with one row per action: `action_id`, `kind`, and `<axis>_state` for each axis.
  rules: CTE of the seed.
  axes: Axes to look at. An axis on which a kind has no rule refuses nothing, and neither does a state without a rule.
#}
{% macro action_refusals(contexts, rules, axes) -%}
    {%- for axis in axes %}
    select
        {{ contexts }}.action_id,
        {{ rules }}.step,
        {{ rules }}.rejection
    from {{ contexts }}
    inner join {{ rules }}
        on
            {{ contexts }}.kind = {{ rules }}.kind
            and {{ rules }}.axis = '{{ axis }}'
            and {{ contexts }}.{{ axis }}_state = {{ rules }}.state
            and not {{ rules }}.is_accepted
    {%- if not loop.last %}
    union all
    {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
