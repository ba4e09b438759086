{#- Days without stock, which forecasts take as censored. -#}
with stock_outs as (
    select * from {{ ref('int_stock_outs') }}
),

final as (
    select
        cast(stock_outs.sku as {{ dbt.type_string() }}) as sku,
        cast(stock_outs.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        cast(stock_outs.out_from_date as date) as out_from_date,
        cast(stock_outs.out_to_date as date) as out_to_date
    from stock_outs
)

select * from final
