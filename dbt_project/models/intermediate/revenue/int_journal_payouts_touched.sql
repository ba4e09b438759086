{#
  Payouts of which an entry may have changed. What is posted of a payment follows the state of its own payout, and also that of each
  other payout in which a movement names it.
#}
{{ config(materialized='ephemeral', step_of='int_journal_subjects') }}
{%- set since = watermark() %}
{%- set reporting = "'" ~ var('reporting_currency') ~ "'" %}

with payments as (
    select * from {{ ref('stg_payments') }}
),

movements as (
    select * from {{ ref('stg_payouts') }}
),

fx_rates as (
    select * from {{ ref('stg_fx_rates') }}
),

test_orders as (
    select orders.order_id
    from {{ ref('stg_orders') }} as orders
    where orders.is_test
),

touched_orders as (
    select touched.order_id
    from {{ ref('int_touched_orders') }} as touched
    where touched._batch_id > {{ since }}
),

days as (
    select distinct {{ add_days_to_date('fx_rates.rate_date', 'ages.age') }} as business_date
    from fx_rates
    cross join (values (0), (1), (2), (3), (4), (5), (6), (7)) as ages (age)
    where fx_rates._batch_id > {{ since }}
),

links as (
    select * from {{ ref('int_payout_links') }}
),

-- A capture is worth what it says, unless its order is a test. What counts of a refund or dispute also follows from other
-- payments of its order.
changed_payments as (
    select payments.payment_id from payments
    where payments._batch_id > {{ since }}
    union
    select payments.payment_id from payments
    where payments.parent_payment_id in (select fresh.payment_id from payments as fresh where fresh._batch_id > {{ since }})
    union
    select payments.payment_id from payments
    where
        payments.order_id in (select touched_orders.order_id from touched_orders)
        and (payments.kind <> 'captured' or payments.order_id in (select test_orders.order_id from test_orders))
    union
    select payments.payment_id from payments
    where
        payments.currency <> {{ reporting }}
        and {{ business_date('payments.occurred_at') }} in (select days.business_date from days)
),

changed_payouts as (
    select movements.payout_id from movements
    where movements.movement_id in (select fresh.movement_id from movements as fresh where fresh._batch_id > {{ since }})
    union
    select links.payout_id from links
    where links.payment_id in (select changed_payments.payment_id from changed_payments)
    {%- for table, day in [('movements', 'occurred_at'), ('movements', 'arrives_at'), ('payments', 'payout_at')] %}
    union
    select {{ table }}.payout_id from {{ table }}
    where
        {{ table }}.payout_id is not null
        and {{ table }}.currency <> {{ reporting }}
        and {{ business_date(table ~ '.' ~ day) }} in (select days.business_date from days)
    {%- endfor %}
),

final as (
    select changed_payouts.payout_id
    from changed_payouts
    union
    select others.payout_id
    from changed_payouts
    inner join links on changed_payouts.payout_id = links.payout_id
    inner join links as others on links.payment_id = others.payment_id
)

select * from final
