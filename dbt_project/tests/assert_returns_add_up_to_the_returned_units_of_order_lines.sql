with returned as (
    select
        returns.order_id,
        returns.line_id,
        sum(returns.returned_quantity) as returned_quantity,
        sum(returns.returned_net_amount) as returned_net_amount,
        sum(returns.returned_tax_amount) as returned_tax_amount
    from {{ ref('fct_returns') }} as returns
    where not returns.is_credit_note
    group by
        returns.order_id,
        returns.line_id
)

select
    order_lines.order_id,
    order_lines.line_id,
    order_lines.returned_quantity as expected_quantity,
    returned.returned_quantity as found_quantity,
    order_lines.returned_net_amount as expected_amount,
    returned.returned_net_amount as found_amount
from {{ ref('fct_order_lines') }} as order_lines
left join returned
    on
        order_lines.order_id = returned.order_id
        and order_lines.line_id = returned.line_id
where
    order_lines.returned_quantity <> coalesce(returned.returned_quantity, 0)
    or order_lines.returned_net_amount <> coalesce(returned.returned_net_amount, 0)
    or order_lines.returned_tax_amount <> coalesce(returned.returned_tax_amount, 0)
