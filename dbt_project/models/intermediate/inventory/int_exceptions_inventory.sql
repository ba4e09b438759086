{#- Every exception about stock. An instant in the future is a deadline: readers show the exception once the clock has passed it. -#}
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

below_zero as (
    select * from {{ ref('int_stock_below_zero') }}
),

oversold as (
    select * from {{ ref('int_stock_oversold') }}
),

gaps as (
    select * from {{ ref('int_stock_gaps') }}
),

sku_costs as (
    select * from {{ ref('int_sku_costs') }}
),

exceptions as (
    select * from below_zero
    union all
    select * from oversold
    union all
    select * from gaps
),

sources as (
    select
        movements.sku,
        min(movements._source) as _source
    from movements
    group by movements.sku
),

final as (
    select
        'sku' as subject_type,
        exceptions.sku as subject_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        exceptions.sku,
        exceptions.code,
        exceptions.opened_at,
        cast(exceptions.units * sku_costs.average_cost_amount as {{ money_type() }}) as amount_at_stake,
        sku_costs.currency,
        concat(exceptions.detail, ' (', {{ counted('exceptions.units', 'unit') }}, ').') as detail,
        sources._source,
        {{ this_batch() }} as _batch_id
    from exceptions
    left join sku_costs on exceptions.sku = sku_costs.sku
    left join sources on exceptions.sku = sources.sku
)

select * from final
