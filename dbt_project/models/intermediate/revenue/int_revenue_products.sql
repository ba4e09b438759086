{# Category and unit cost of a product by period, for revenue. A row keeps its batch while nothing changes. #}
{%- set touched = ['stg_products'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='sku', touched=touched) }}
-- depends_on: {{ ref('stg_products') }}

with products as (
    select * from {{ ref('stg_products') }}
    where {{ is_touched('sku', touched) }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

-- The last version of a day counts for that day.
daily_versions as (
    select
        products.sku,
        products.unit_cost,
        products.currency,
        products.category,
        products.kind,
        {{ business_date('products.updated_at') }} as stated_date
    from products
    qualify row_number() over (
        partition by products.sku, {{ business_date('products.updated_at') }}
        order by products.updated_at desc, products.is_current desc, products.content_hash desc nulls last
    ) = 1
),

current_products as (
    select * from products
    where is_current
),

-- Only a version that states or changes a cost opens a new period. The first period also counts for the time before it.
changes as (
    select daily_versions.*
    from daily_versions
    where daily_versions.unit_cost is not null
    qualify
        lag(daily_versions.unit_cost) over (partition by daily_versions.sku order by daily_versions.stated_date)
        is distinct from daily_versions.unit_cost
        or lag(daily_versions.currency) over (partition by daily_versions.sku order by daily_versions.stated_date)
        is distinct from daily_versions.currency
),

periods as (
    select
        changes.sku,
        changes.unit_cost,
        changes.currency,
        {{ in_force_from('changes.sku', 'changes.stated_date') }} as from_date,
        coalesce(
            lead(changes.stated_date) over (partition by changes.sku order by changes.stated_date), cast('9999-12-31' as date)
        ) as until_date
    from changes
),

described as (
    select
        current_products.sku,
        coalesce(current_products.category, 'unknown') as category,
        coalesce(current_products.kind, 'goods') as kind,
        periods.currency as cost_currency,
        {{ minor_unit('currencies.minor_digits') }} as cost_digits,
        cast(periods.unit_cost as {{ money_type() }}) as unit_cost_amount,
        coalesce(periods.from_date, cast('0001-01-01' as date)) as from_date,
        coalesce(periods.until_date, cast('9999-12-31' as date)) as until_date
    from current_products
    left join periods on current_products.sku = periods.sku
    left join currencies on periods.currency = currencies.currency
),

final as (
    select
        described.sku,
        described.category,
        described.kind,
        described.cost_currency,
        cast(described.cost_digits as {{ dbt.type_int() }}) as cost_digits,
        described.unit_cost_amount,
        described.from_date,
        described.until_date,
        {% if is_incremental() -%}
        coalesce(unchanged._batch_id, {{ this_batch() }}) as _batch_id
        {%- else -%}
        {{ this_batch() }} as _batch_id
        {%- endif %}
    from described
    {%- if is_incremental() %}
    left join {{ this }} as unchanged
        on
            described.sku = unchanged.sku
            and described.from_date = unchanged.from_date
            and described.until_date = unchanged.until_date
            and described.category = unchanged.category
            and described.kind = unchanged.kind
            and described.unit_cost_amount is not distinct from unchanged.unit_cost_amount
            and described.cost_currency is not distinct from unchanged.cost_currency
    {%- endif %}
)

select * from final
