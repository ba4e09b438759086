-- A day on which nothing counts has no row.
select
    kpi_daily.kpi,
    kpi_daily.dimension,
    kpi_daily.dimension_value,
    kpi_daily.business_date
from {{ ref('fct_kpi_daily') }} as kpi_daily
where
    kpi_daily.numerator = 0
    and coalesce(kpi_daily.denominator, 0) = 0
