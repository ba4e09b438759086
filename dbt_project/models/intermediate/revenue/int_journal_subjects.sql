{#
  Log of what the journal is recomputed for: orders, credit notes, payouts and SKUs whose rows, products or rates changed. A rate
  counts for a week. Rows are only added.
#}
{{ config(materialized='incremental', incremental_strategy='append') }}
{%- set since = watermark() %}
{%- set reporting = "'" ~ var('reporting_currency') ~ "'" %}

with positions as (
    select * from {{ ref('int_journal_positions') }}
),

ledger as (
    select * from {{ ref('int_payment_ledger') }}
),

fresh_products as (
    select products.sku
    from {{ ref('int_revenue_products') }} as products
    where products._batch_id > {{ since }}
),

-- Days that a rate counts for which arrived or was corrected.
days as (
    select distinct {{ add_days_to_date('fx_rates.rate_date', 'ages.age') }} as business_date
    from {{ ref('stg_fx_rates') }} as fx_rates
    cross join (values (0), (1), (2), (3), (4), (5), (6), (7)) as ages (age)
    where fx_rates._batch_id > {{ since }}
),

foreign_products as (
    select products.sku
    from {{ ref('int_revenue_products') }} as products
    where products.cost_currency <> {{ reporting }}
),

-- Goods and the day on which they are sold, come back or are found.
goods as (
    select
        sales.order_id as subject_id,
        sales.sku,
        sales.shipped_date as business_date
    from {{ ref('int_revenue_sales') }} as sales
    where sales.event_kind = 'sale'
    union all
    select
        revenue_returns.subject_id,
        revenue_returns.sku,
        revenue_returns.business_date
    from {{ ref('int_revenue_returns') }} as revenue_returns
    where revenue_returns.recognition_clock = 'shipped'
    union all
    select
        revisions.order_id as subject_id,
        revisions.sku,
        revisions.business_date
    from {{ ref('int_journal_revisions') }} as revisions
    union all
    select
        concat('sku:', stock_daily.sku) as subject_id,
        stock_daily.sku,
        stock_daily.business_date
    from {{ ref('int_stock_daily') }} as stock_daily
),

payout_subjects as (
    select * from {{ ref('int_journal_payouts_touched') }}
),

touched as (
    select subjects.subject_id from {{ ref('int_revenue_subjects') }} as subjects
    where subjects._batch_id > {{ since }}
    union
    select concat('sku:', touched_skus.sku) as subject_id from {{ ref('int_touched_skus') }} as touched_skus
    where touched_skus._batch_id > {{ since }}
    union
    select goods.subject_id from goods
    where
        goods.sku in (select fresh_products.sku from fresh_products)
        or (
            goods.sku in (select foreign_products.sku from foreign_products)
            and goods.business_date in (select days.business_date from days)
        )
    union
    select positions.order_id as subject_id from positions
    where
        positions.currency <> {{ reporting }}
        and positions.business_date in (select days.business_date from days)
    union
    select ledger.order_id as subject_id from ledger
    where
        ledger.currency <> {{ reporting }}
        and ledger.occurred_date in (select days.business_date from days)
    union
    select revenue_returns.subject_id from {{ ref('int_revenue_returns') }} as revenue_returns
    where
        revenue_returns.event_kind = 'credit_note'
        and revenue_returns.currency <> {{ reporting }}
        and revenue_returns.business_date in (select days.business_date from days)
    union
    select concat('payout:', payout_subjects.payout_id) as subject_id from payout_subjects
),

final as (
    select
        touched.subject_id,
        {{ this_batch() }} as _batch_id
    from touched
    where
        touched.subject_id is not null
        and {{ 'true' if is_incremental() else 'false' }}
)

select * from final
