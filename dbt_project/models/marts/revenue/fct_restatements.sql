{{ config(materialized='table') }}
{%- set keys = [
    'figure', 'recognition_clock', 'channel', 'country', 'category', 'account', 'currency', 'subject_kind', 'subject_id', 'measure',
    'business_date'
] %}

with actions as (
    select * from {{ ref('int_actions_of_periods') }}
    where
        is_accepted
        and kind = 'close_month'
),

frozen as (
    select * from {{ ref('stg_closings') }}
),

closed_figures as (
    select * from {{ ref('stg_closed_figures') }}
),

revenue_events as (
    select * from {{ ref('int_revenue_events') }}
),

journal_lines as (
    select * from {{ ref('fct_journal') }}
),

order_rows as (
    select * from {{ ref('fct_orders') }}
),

closings as (
    select
        actions.action_id,
        actions.subject_id as month,
        actions.first_date,
        actions.next_date,
        actions.occurred_at as closed_at,
        frozen.known_batch_id
    from actions
    inner join frozen on actions.action_id = frozen.action_id
),

closed_days as (
    select
        closings.*,
        {{ add_days_to_date('closings.first_date', 'days.day_number') }} as business_date
    from closings
    cross join (values {% for day in range(31) %}({{ day }}){{ ', ' if not loop.last }}{% endfor %}) as days (day_number)
    where {{ add_days_to_date('closings.first_date', 'days.day_number') }} < closings.next_date
),

-- Only the days of closed months are computed.
{{ period_figures('closed_days') }},

sides as (
    select
        closings.month,
        {% for key in keys -%}
        closed_figures.{{ key }},
        {% endfor -%}
        true as is_closed,
        closed_figures.amount,
        closed_figures.amount_reporting
    from closed_figures
    inner join closings on closed_figures.action_id = closings.action_id
    union all
    select
        closed_days.month,
        {% for key in keys -%}
        figures.{{ key }},
        {% endfor -%}
        false as is_closed,
        figures.amount,
        figures.amount_reporting
    from figures
    inner join closed_days on figures.business_date = closed_days.business_date
),

compared as (
    select
        sides.month,
        {% for key in keys -%}
        sides.{{ key }},
        {% endfor -%}
        {% for side, condition in [('closed', 'sides.is_closed'), ('current', 'not sides.is_closed')] -%}
        {% set is_last_side = loop.last -%}
        {% for suffix in ['', '_reporting'] -%}
        case when count(case when {{ condition }} and sides.amount{{ suffix }} is null then 1 end) = 0
            then coalesce(sum(case when {{ condition }} then sides.amount{{ suffix }} end), 0)
        end as {{ side }}_amount{{ suffix }}{{ ',' if not (is_last_side and suffix) }}
        {% endfor -%}
        {% endfor %}
    from sides
    group by
        sides.month,
        {% for key in keys -%}
        sides.{{ key }}{{ ',' if not loop.last }}
        {% endfor %}
),

final as (
    select
        compared.month,
        closings.action_id,
        compared.figure,
        compared.recognition_clock,
        compared.channel,
        compared.country,
        compared.category,
        compared.account,
        compared.currency,
        compared.subject_kind,
        compared.subject_id,
        compared.measure,
        {% for suffix in ['', '_reporting'] -%}
        cast(compared.closed_amount{{ suffix }} as {{ money_type() }}) as closed_amount{{ suffix }},
        cast(compared.current_amount{{ suffix }} as {{ money_type() }}) as current_amount{{ suffix }},
        cast(compared.current_amount{{ suffix }} - compared.closed_amount{{ suffix }} as {{ money_type() }})
            as difference_amount{{ suffix }},
        {% endfor -%}
        closings.known_batch_id,
        cast(compared.business_date as date) as business_date,
        closings.closed_at
    from compared
    inner join closings on compared.month = closings.month
    where
        compared.closed_amount is distinct from compared.current_amount
        or compared.closed_amount_reporting is distinct from compared.current_amount_reporting
)

select * from final
