{#-
  Days on which the amount that customers owe changed, of orders that have shipped or are invoiced. The amount due is the
  one known today, so cancelled units count from the first day on. Payments and returns count on their days. Events after
  the clock count on the clock's day, so that the last day agrees with the orders.
-#}
with orders as (
    select * from {{ ref('int_order_states') }}
    where is_paid_tracked and due_amount > 0 and (shipped_quantity > 0 or payment_terms = 'invoice')
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
    where kind in ('captured', 'refunded')
),

returns_valued as (
    select * from {{ ref('int_kpi_returns_valued') }}
),

fx_daily as (
    select * from {{ ref('int_fx_daily') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

claims as (
    select
        orders.order_id,
        orders.due_amount,
        orders.tolerance_amount,
        fx_daily.rate,
        case
            when orders.payment_terms = 'invoice' then orders.placed_date
            else {{ business_date('orders.first_shipped_at') }}
        end as claimed_date
    from orders
    left join fx_daily
        on
            orders.placed_date = fx_daily.rate_date
            and orders.currency = fx_daily.currency
),

moves as (
    select
        claims.order_id,
        claims.claimed_date as moved_date,
        0 as captured_amount,
        0 as refunded_amount,
        0 as returned_amount
    from claims
    union all
    select
        payments.order_id,
        payments.occurred_date as moved_date,
        case when payments.kind = 'captured' then payments.status_amount_order_currency else 0 end as captured_amount,
        case when payments.kind = 'refunded' then payments.status_amount_order_currency else 0 end as refunded_amount,
        0 as returned_amount
    from payments
    union all
    select
        returns_valued.order_id,
        returns_valued.returned_date as moved_date,
        0 as captured_amount,
        0 as refunded_amount,
        returns_valued.returned_amount
    from returns_valued
),

moved_daily as (
    select
        claims.order_id,
        claims.due_amount,
        claims.tolerance_amount,
        claims.rate,
        least(greatest(moves.moved_date, claims.claimed_date), as_of.business_date) as business_date,
        sum(moves.captured_amount) as captured_amount,
        sum(moves.refunded_amount) as refunded_amount,
        sum(moves.returned_amount) as returned_amount
    from claims
    inner join moves on claims.order_id = moves.order_id
    cross join as_of
    group by
        claims.order_id,
        claims.due_amount,
        claims.tolerance_amount,
        claims.rate,
        least(greatest(moves.moved_date, claims.claimed_date), as_of.business_date)
),

running as (
    select
        moved_daily.order_id,
        moved_daily.business_date,
        moved_daily.due_amount,
        moved_daily.tolerance_amount,
        moved_daily.rate,
        sum(moved_daily.captured_amount) over so_far as captured_amount,
        sum(moved_daily.refunded_amount) over so_far as refunded_amount,
        moved_daily.due_amount - sum(moved_daily.returned_amount) over so_far as due_now_amount
    from moved_daily
    window so_far as (
        partition by moved_daily.order_id
        order by moved_daily.business_date
        rows between unbounded preceding and current row
    )
),

owed as (
    select
        running.order_id,
        running.business_date,
        running.rate,
        case
            when
                running.captured_amount >= running.due_amount - running.tolerance_amount
                or running.captured_amount - running.refunded_amount >= running.due_now_amount - running.tolerance_amount
                then 0
            else greatest(running.due_now_amount - running.captured_amount + running.refunded_amount, 0)
        end as owed_amount
    from running
),

-- An amount without a rate is unknown, and so is the sum of any day on which it is owed.
valued as (
    select
        owed.order_id,
        owed.business_date,
        case when owed.owed_amount = 0 then 0 else coalesce({{ reporting_amount('owed.owed_amount', 'owed.rate') }}, 0) end
            as owed_amount,
        case when owed.owed_amount <> 0 and owed.rate is null then 1 else 0 end as unknown_count
    from owed
),

changed as (
    select
        valued.order_id,
        valued.business_date,
        {% for column in ['owed_amount', 'unknown_count'] -%}
        valued.{{ column }} - coalesce(lag(valued.{{ column }}) over (
            partition by valued.order_id order by valued.business_date
        ), 0) as {{ column }}{{ ',' if not loop.last }}
        {% endfor -%}
    from valued
),

final as (
    select
        changed.order_id,
        cast(changed.owed_amount as {{ money_type() }}) as owed_change_amount_reporting,
        cast(changed.unknown_count as {{ dbt.type_bigint() }}) as unknown_change_count,
        cast(changed.business_date as date) as business_date
    from changed
    where changed.owed_amount <> 0 or changed.unknown_count <> 0
)

select * from final
