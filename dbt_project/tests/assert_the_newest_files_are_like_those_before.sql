-- Findings of the batch of this build. Earlier findings stay in the table and warn only once.
{{ config(severity='warn') }}

select
    drift.source,
    drift.feed,
    drift.kind,
    drift.column_name,
    drift.before_value,
    drift.after_value,
    drift.path
from {{ ref('drift') }} as drift
where
    drift.severity = 'warn'
    and drift.batch_id = {{ this_batch() }}
