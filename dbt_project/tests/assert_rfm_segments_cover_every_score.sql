select count(*) as cells_count
from (
    select distinct
        recency_score,
        frequency_score,
        monetary_score
    from {{ ref('rfm_segments') }}
    where
        recency_score between 1 and 5
        and frequency_score between 1 and 5
        and monetary_score between 1 and 5
) as cells
having count(*) <> 125 or count(*) <> (select count(*) from {{ ref('rfm_segments') }})
