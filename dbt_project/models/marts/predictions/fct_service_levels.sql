{#-
  Reorder point and safety stock of each position at several service levels. Each level has its z of the normal distribution, as
  `service_level_z` is one.
-#}
{{ config(materialized='view') }}
{%- set levels = {
    '0.80': '0.841621', '0.85': '1.036433', '0.90': '1.281552', '0.95': '1.644854', '0.975': '1.959964', '0.98': '2.053749', '0.99': '2.326348',
    '0.995': '2.575829', '0.999': '3.090232'
} %}

with proposals as (
    select * from {{ published_ref('fct_reorder_proposals') }}
),

currencies as (
    select * from {{ published_ref('currencies') }}
),

levels as (
    {% for level, z in levels.items() -%}
    select
        cast({{ level }} as double) as service_level_rate,
        cast({{ z }} as double) as z
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

pointed as (
    select
        proposals.*,
        levels.service_level_rate,
        ceil(proposals.lead_expected_quantity + levels.z * proposals.lead_deviation_quantity) as level_point,
        ceil(levels.z * proposals.lead_deviation_quantity) as safety_quantity
    from proposals
    cross join levels
),

final as (
    select
        pointed.sku,
        pointed.warehouse_id,
        pointed.position_level,
        pointed.supplier,
        pointed.currency,
        pointed.basis,
        cast(pointed.level_point as {{ dbt.type_bigint() }}) as reorder_point,
        cast(pointed.safety_quantity as {{ dbt.type_bigint() }}) as safety_quantity,
        {{ rounded_amount(
            'cast(pointed.safety_quantity as ' ~ dbt.type_bigint() ~ ') * pointed.average_cost_amount',
            minor_unit('currencies.minor_digits')
        ) }} as safety_value_amount,
        pointed.service_level_rate,
        pointed.position_quantity <= pointed.level_point and pointed.level_point > 0 as is_at_reorder_point,
        pointed.origin_date
    from pointed
    left join currencies on pointed.currency = currencies.currency
)

select * from final
