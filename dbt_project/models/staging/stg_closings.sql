{# Closings whose figures are frozen, with the last batch that was known at their instant. #}
{{ config(materialized='view') }}

with closings as (
    select * from {{ source('raw', 'closings') }}
),

final as (
    select
        closings.action_id,
        closings.known_batch_id,
        closings.frozen_at
    from closings
)

select * from final
