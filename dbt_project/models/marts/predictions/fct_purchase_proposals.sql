{#- Proposals of the network by supplier: one purchase order each. -#}
{{ config(materialized='view') }}

with proposals as (
    select * from {{ published_ref('fct_reorder_proposals') }}
    where
        position_level = 'network'
        and reorder_quantity > 0
),

final as (
    select
        proposals.supplier,
        proposals.currency,
        cast(count(*) as {{ dbt.type_bigint() }}) as lines_count,
        cast(count(case when proposals.basis = 'forecast' then 1 end) as {{ dbt.type_bigint() }}) as forecast_lines_count,
        cast(count(case when proposals.cost_amount is null then 1 end) as {{ dbt.type_bigint() }}) as missing_costs_count,
        cast(sum(proposals.reorder_quantity) as {{ dbt.type_bigint() }}) as reorder_quantity,
        {{ whole_sum('proposals.cost_amount') }} as cost_amount,
        cast(max(proposals.lead_time_days) as {{ dbt.type_bigint() }}) as longest_lead_time_days,
        min(proposals.origin_date) as origin_date,
        min(proposals.order_by_date) as order_by_date,
        min(proposals.stock_out_date) as stock_out_date
    from proposals
    group by proposals.supplier, proposals.currency
)

select * from final
