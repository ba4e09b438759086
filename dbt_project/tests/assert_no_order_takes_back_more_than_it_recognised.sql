with returned as (
    select
        order_id,
        recognition_clock,
        sum(returns_amount) as returns_amount
    from {{ ref('int_revenue_returns') }}
    where order_id is not null
    group by
        order_id,
        recognition_clock
),

recognised as (
    select
        order_id,
        {% for clock in recognition_clocks() -%}
        coalesce(sum(gross_sales_amount - discounts_amount) filter (where {{ clock }}_date is not null), 0)
            as {{ clock }}_amount{{ ',' if not loop.last }}
        {% endfor -%}
    from {{ ref('int_revenue_sales') }}
    where order_id in (select returned.order_id from returned)
    group by order_id
)

select
    returned.order_id,
    returned.recognition_clock,
    returned.returns_amount
from returned
left join recognised on returned.order_id = recognised.order_id
where
    returned.returns_amount < 0
    or returned.returns_amount > case returned.recognition_clock
        {% for clock in recognition_clocks() -%}
        when '{{ clock }}' then coalesce(recognised.{{ clock }}_amount, 0)
        {% endfor -%}
    end
