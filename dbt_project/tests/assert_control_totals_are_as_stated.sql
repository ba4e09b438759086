{{ config(severity='warn') }}

select
    controls.source,
    controls.path,
    controls.measure,
    controls.expected,
    controls.actual,
    controls.detail
from {{ ref('controls') }} as controls
where
    controls.is_current
    and controls.status = 'failed'
