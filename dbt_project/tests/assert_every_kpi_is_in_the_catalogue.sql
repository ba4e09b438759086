select distinct kpi_daily.kpi
from {{ ref('fct_kpi_daily') }} as kpi_daily
where not exists (
    select 1 from {{ ref('kpi_catalogue') }} as kpi_catalogue
    where kpi_catalogue.kpi = kpi_daily.kpi
)
