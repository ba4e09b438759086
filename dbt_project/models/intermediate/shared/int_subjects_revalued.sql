{#
  Log of orders and credit notes in another currency that a rate which arrived or was corrected counts for. It counts for a week.
  Rows are only added.
#}
{{ config(materialized='incremental', incremental_strategy='append') }}
{%- set since = watermark() %}

with fx_rates as (
    select * from {{ ref('stg_fx_rates') }}
),

order_states as (
    select * from {{ ref('int_order_states') }}
),

returns as (
    select * from {{ ref('int_revenue_returns') }}
    where recognition_clock = 'placed'
),

days as (
    select distinct {{ add_days_to_date('fx_rates.rate_date', 'ages.age') }} as business_date
    from fx_rates
    cross join (values (0), (1), (2), (3), (4), (5), (6), (7)) as ages (age)
    where fx_rates._batch_id > {{ since }}
),

changed as (
    select
        order_states.order_id as subject_id,
        order_states.order_id
    from order_states
    where
        order_states.currency <> '{{ var("reporting_currency") }}'
        and order_states.placed_date in (select days.business_date from days)
    union
    select
        returns.subject_id,
        returns.order_id
    from returns
    where
        returns.currency <> '{{ var("reporting_currency") }}'
        and returns.business_date in (select days.business_date from days)
),

final as (
    select
        changed.subject_id,
        changed.order_id,
        {{ this_batch() }} as _batch_id
    from changed
    where {{ 'true' if is_incremental() else 'false' }}
)

select * from final
