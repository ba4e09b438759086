-- Net sales and cost are those of the revenue events under the clock `placed`; a margin is what is left of sales.
with lines as (
    select
        contracted.price_list_id,
        contracted.currency,
        {{ month_start('contracted.placed_date') }} as month_date,
        count(*) as lines_count,
        sum(events.units_quantity) as units_quantity,
        sum(events.net_sales_amount) as net_amount,
        sum(contracted.contract_sales_amount) as contract_amount,
        sum(events.cost_of_goods_amount) as cost_amount
    from {{ ref('int_lines_contracted') }} as contracted
    inner join {{ ref('int_revenue_events') }} as events
        on
            contracted.order_id = events.order_id
            and contracted.line_id = events.line_id
            and events.recognition_clock = 'placed'
            and events.event_kind = 'sale'
    group by
        contracted.price_list_id,
        contracted.currency,
        {{ month_start('contracted.placed_date') }}
),

margins as (
    select * from {{ ref('fct_contract_margin') }}
)

select
    coalesce(lines.price_list_id, margins.price_list_id) as price_list_id,
    coalesce(lines.currency, margins.currency) as currency,
    coalesce(lines.month_date, margins.month_date) as month_date,
    lines.net_amount as lines_amount,
    margins.net_sales_before_returns_amount as margins_amount
from lines
full outer join margins
    on
        lines.price_list_id = margins.price_list_id
        and lines.currency = margins.currency
        and lines.month_date = margins.month_date
where
    lines.lines_count is distinct from margins.lines_count
    or lines.units_quantity is distinct from margins.units_quantity
    or lines.net_amount is distinct from margins.net_sales_before_returns_amount
    or lines.contract_amount is distinct from margins.contract_sales_amount
    or lines.net_amount - lines.contract_amount is distinct from margins.difference_amount
    or (margins.missing_costs_count = 0 and lines.cost_amount is distinct from margins.cost_of_goods_amount)
    or (margins.missing_costs_count > 0 and margins.cost_of_goods_amount is not null)
    or margins.gross_margin_amount is distinct from lines.net_amount - margins.cost_of_goods_amount
    or margins.contract_margin_amount is distinct from lines.contract_amount - margins.cost_of_goods_amount
