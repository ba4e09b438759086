{{ config(severity='warn') }}

select
    freshness.source,
    freshness.feed,
    freshness.expected_every,
    freshness.last_received_at,
    freshness.due_at
from {{ ref('freshness') }} as freshness
where freshness.is_overdue
