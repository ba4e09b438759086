-- KPIs that are shares of a whole. return_rate_value is not one, because the returns of a day are not part of its sales.
select kpi_daily.*
from {{ ref('fct_kpi_daily') }} as kpi_daily
inner join {{ ref('kpi_catalogue') }} as kpi_catalogue on kpi_daily.kpi = kpi_catalogue.kpi
where
    kpi_catalogue.unit = 'share'
    and kpi_daily.kpi not in ('return_rate_value', 'sell_through', 'discount_share')
    and (kpi_daily.numerator < 0 or kpi_daily.numerator > kpi_daily.denominator)
