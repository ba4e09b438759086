-- A restated subject has at least one record that was received after the closing, or the mark of changed definitions.
select
    restatements.month,
    restatements.subject_kind,
    restatements.subject_id
from {{ ref('fct_restatements') }} as restatements
where not exists (
    select 1 from {{ ref('fct_restatement_causes') }} as causes
    where
        causes.month = restatements.month
        and causes.subject_kind = restatements.subject_kind
        and causes.subject_id = restatements.subject_id
)
