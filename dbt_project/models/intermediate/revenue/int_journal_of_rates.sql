{#
  Realised differences of rates, debits positive. An entry that empties an account of its order in its currency also empties it in
  the reporting currency: what is left there, because the rates of the days differ, is the difference. Orders in the reporting
  currency that were paid in it have none.
#}
{%- set touched = ['int_journal_subjects'] -%}
{{ config(materialized='ephemeral', step_of='int_journal') }}
-- depends_on: {{ ref('int_journal_subjects') }}

with orders as (
    select * from {{ ref('int_journal_of_orders') }}
),

positions as (
    select * from {{ ref('int_journal_positions') }}
    where {{ is_touched('order_id', touched, key='subject_id') }}
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
    where {{ is_touched('order_id', touched, key='subject_id') }}
),

foreign_orders as (
    select positions.order_id
    from positions
    where positions.currency <> '{{ var("reporting_currency") }}'
    union
    select payments.order_id
    from payments
    where payments.is_other_currency
),

accounts as (
    select
        orders.entry_id,
        orders.entry_kind,
        orders.order_id,
        orders.payment_id,
        orders.account,
        orders.currency,
        {{ whole_sum('orders.amount_reporting') }} as amount_reporting,
        orders.business_date
    from orders
    where
        orders.account in ('deferred_revenue', 'accounts_receivable')
        and orders.order_id in (select foreign_orders.order_id from foreign_orders)
    group by
        orders.entry_id,
        orders.entry_kind,
        orders.order_id,
        orders.payment_id,
        orders.account,
        orders.currency,
        orders.business_date
),

-- What is paid and not shipped is deferred, what is shipped and not paid is receivable.
numbered as (
    select
        accounts.*,
        positions.event_rank,
        case
            when accounts.account = 'deferred_revenue' and positions.position_amount <= 0 then 1
            when accounts.account = 'accounts_receivable' and positions.position_amount >= 0 then 1
            else 0
        end as empty_count
    from accounts
    inner join positions
        on
            accounts.order_id = positions.order_id
            and accounts.entry_id = positions.entry_id
            and accounts.currency = positions.currency
),

-- A stretch begins after an entry that emptied the account, and ends with the next one.
stretches as (
    select
        numbered.*,
        coalesce(sum(numbered.empty_count) over (
            partition by numbered.order_id, numbered.account, numbered.currency
            order by numbered.business_date, numbered.event_rank, numbered.entry_id
            rows between unbounded preceding and 1 preceding
        ), 0) as stretch_number
    from numbered
),

summed as (
    select
        stretches.order_id,
        stretches.account,
        stretches.currency,
        stretches.stretch_number,
        {{ whole_sum('stretches.amount_reporting') }} as amount_reporting
    from stretches
    group by
        stretches.order_id,
        stretches.account,
        stretches.currency,
        stretches.stretch_number
),

final as (
    select
        stretches.entry_id,
        stretches.entry_kind,
        stretches.order_id,
        stretches.payment_id,
        case when directions.direction = 1 then 'fx_difference' else stretches.account end as account,
        stretches.currency,
        cast(0 as {{ money_type() }}) as amount,
        cast(directions.direction * summed.amount_reporting as {{ money_type() }}) as amount_reporting,
        stretches.business_date
    from stretches
    inner join summed
        on
            stretches.order_id = summed.order_id
            and stretches.account = summed.account
            and stretches.currency = summed.currency
            and stretches.stretch_number = summed.stretch_number
    cross join (values (1), (-1)) as directions (direction)
    where
        stretches.empty_count = 1
        and summed.amount_reporting <> 0
)

select * from final
