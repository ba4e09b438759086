{#- SKUs that orders of the window have in common, in both directions. Units that were cancelled, services and gift cards do not count. -#}
with order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

bought as (
    select distinct
        order_lines.order_id,
        order_lines.sku
    from order_lines
    inner join as_of on order_lines.placed_date > {{ add_days_to_date('as_of.business_date', '-' ~ var('affinity_days')) }}
    where
        order_lines.ordered_quantity > order_lines.cancelled_quantity
        and not order_lines.is_gift_card
        and not order_lines.is_service
),

skus as (
    select
        bought.sku,
        count(*) as orders_count
    from bought
    group by bought.sku
),

totals as (
    select count(distinct bought.order_id) as orders_count
    from bought
),

pairs as (
    select
        one.sku,
        other.sku as other_sku,
        count(*) as orders_count
    from bought as one
    inner join bought as other
        on
            one.order_id = other.order_id
            and one.sku <> other.sku
    group by one.sku, other.sku
    having count(*) >= {{ var('affinity_min_orders') }}
),

final as (
    select
        cast(pairs.sku as {{ dbt.type_string() }}) as sku,
        cast(pairs.other_sku as {{ dbt.type_string() }}) as other_sku,
        cast(pairs.orders_count as {{ dbt.type_bigint() }}) as orders_count,
        cast(skus.orders_count as {{ dbt.type_bigint() }}) as sku_orders_count,
        cast(others.orders_count as {{ dbt.type_bigint() }}) as other_orders_count,
        cast(totals.orders_count as {{ dbt.type_bigint() }}) as all_orders_count,
        {{ ratio('pairs.orders_count', 'totals.orders_count') }} as support_rate,
        {{ ratio('pairs.orders_count', 'skus.orders_count') }} as confidence_rate,
        cast(pairs.orders_count as double) * cast(totals.orders_count as double)
        / (cast(skus.orders_count as double) * cast(others.orders_count as double)) as lift
    from pairs
    inner join skus on pairs.sku = skus.sku
    inner join skus as others on pairs.other_sku = others.sku
    cross join totals
)

select * from final
