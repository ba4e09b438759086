-- Cover and turnover are empty where stock is not above zero.
select
    'fct_inventory_positions' as model,
    positions.sku as subject
from {{ ref('fct_inventory_positions') }} as positions
where positions.days_of_cover < 0 or positions.turnover_rate < 0
union all
select
    'fct_kpi_daily' as model,
    kpi_daily.kpi as subject
from {{ ref('fct_kpi_daily') }} as kpi_daily
where
    kpi_daily.kpi in ('days_of_cover', 'inventory_turnover', 'sell_through', 'days_sales_outstanding')
    and kpi_daily.denominator < 0
