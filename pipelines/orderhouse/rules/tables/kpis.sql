-- One row per KPI: its value over the last 28 complete days, on the days that are mature, against its target.
select
    kpi,
    name,
    unit,
    owner,
    direction,
    target,
    compared as value,
    immature_days,
    case direction when 'up' then compared < target when 'down' then compared > target end as is_off_target
from ({{ kpis_of_periods }})
