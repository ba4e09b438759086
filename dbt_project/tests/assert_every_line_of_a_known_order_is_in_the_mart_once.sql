with expected as (
    select
        order_lines.order_id,
        order_lines.line_id
    from {{ ref('stg_order_lines') }} as order_lines
    inner join {{ ref('stg_orders') }} as orders
        on
            order_lines.order_id = orders.order_id
            and orders.is_current
            and not orders.is_test
    where order_lines.is_current
),

found as (
    select
        order_lines.order_id,
        order_lines.line_id
    from {{ ref('fct_order_lines') }} as order_lines
)

(select * from expected except all select * from found)
union all
(select * from found except all select * from expected)
