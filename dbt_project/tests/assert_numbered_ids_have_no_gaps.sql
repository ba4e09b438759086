{{ config(severity='warn') }}

select
    sequence_gaps.source,
    sequence_gaps.feed,
    sequence_gaps.prefix,
    sequence_gaps.gap_from,
    sequence_gaps.gap_to,
    sequence_gaps.missing
from {{ ref('sequence_gaps') }} as sequence_gaps
where sequence_gaps.missing > 0
