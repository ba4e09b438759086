{#
  Purchases of every identified customer up to every snapshot date, computed as of that date from what is known today. An order
  counts from the first snapshot on or after its day (its slot). Sums run over the slots of a customer, and a slot is
  valid until the customer's next slot.
-#}
{{ config(materialized='ephemeral', step_of='int_customer_snapshots') }}

with snapshot_dates as (
    select * from {{ ref('int_snapshot_dates') }}
),

customer_orders as (
    select * from {{ ref('int_customer_orders_reporting') }}
    where {{ is_identified('customer_key') }}
),

wanted as (
    select snapshot_dates.snapshot_date from snapshot_dates
    {%- if is_increment() %}
    where not exists (
        select 1 from {{ stored_in() }} as kept
        where kept.snapshot_date = snapshot_dates.snapshot_date
    )
    {%- endif %}
),

spans as (
    select
        wanted.snapshot_date as until_date,
        lag(wanted.snapshot_date) over (order by wanted.snapshot_date) as after_date
    from wanted
),

purchases as (
    select
        customer_orders.customer_key,
        customer_orders.is_purchase,
        customer_orders.order_id is not null as is_order,
        customer_orders.gross_amount_reporting,
        customer_orders.discount_amount_reporting,
        customer_orders.discount_amount > 0 as is_discounted,
        customer_orders.gross_amount_reporting - customer_orders.discount_amount_reporting
        - customer_orders.returned_amount_reporting as net_amount_reporting,
        customer_orders.is_rate_missing,
        customer_orders.business_date,
        spans.until_date as slot_date,
        case when customer_orders.is_purchase then {{ hours_between(
            'lag(customer_orders.placed_at) over (
                partition by customer_orders.customer_key, customer_orders.is_purchase
                order by customer_orders.placed_at nulls last, customer_orders.order_id nulls last
            )',
            'customer_orders.placed_at'
        ) }} / 24 end as gap_days
    from customer_orders
    inner join spans
        on
            customer_orders.business_date <= spans.until_date
            and (spans.after_date is null or customer_orders.business_date > spans.after_date)
),

slots as (
    select
        purchases.customer_key,
        purchases.slot_date,
        count(case when purchases.is_order then 1 end) as orders_count,
        count(case when purchases.is_purchase then 1 end) as purchases_count,
        count(case when purchases.is_purchase and purchases.is_discounted then 1 end) as discounted_count,
        count(purchases.gap_days) as gaps_count,
        count(case when purchases.is_rate_missing then 1 end) as missing_rates_count,
        coalesce(sum(purchases.gross_amount_reporting), 0) as gross_amount,
        coalesce(sum(purchases.discount_amount_reporting), 0) as discount_amount,
        coalesce(sum(purchases.net_amount_reporting), 0) as net_amount,
        max(case when purchases.is_order then purchases.business_date end) as last_order_date,
        max(case when purchases.is_purchase then purchases.business_date end) as last_purchase_date
    from purchases
    group by purchases.customer_key, purchases.slot_date
),

running as (
    select
        slots.customer_key,
        slots.slot_date,
        lead(slots.slot_date) over slots_so_far as next_slot_date,
        {% for column in [
            'orders_count', 'purchases_count', 'discounted_count', 'gaps_count', 'missing_rates_count', 'gross_amount',
            'discount_amount', 'net_amount'
        ] -%}
        sum(slots.{{ column }}) over slots_so_far as {{ column }},
        {% endfor -%}
        max(slots.last_order_date) over slots_so_far as last_order_date,
        max(slots.last_purchase_date) over slots_so_far as last_purchase_date
    from slots
    window slots_so_far as (partition by slots.customer_key order by slots.slot_date)
),

median_gaps as (
    select
        running.customer_key,
        running.slot_date,
        {{ percentile_of_parts(0.5, 'purchases.gap_days', 86400) }} as median_gap_days
    from running
    inner join purchases
        on
            running.customer_key = purchases.customer_key
            and running.slot_date >= purchases.slot_date
    where running.gaps_count > 0 and purchases.gap_days is not null
    group by running.customer_key, running.slot_date
),

final as (
    select
        running.customer_key,
        wanted.snapshot_date,
        {% for column in ['purchases_count', 'discounted_count', 'missing_rates_count'] -%}
        cast(running.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in ['gross_amount', 'discount_amount', 'net_amount'] -%}
        cast(running.{{ column }} as decimal(38, 4)) as {{ column }},
        {% endfor -%}
        running.last_purchase_date,
        median_gaps.median_gap_days as own_gap_days,
        {{ days_between('coalesce(running.last_purchase_date, running.last_order_date)', 'wanted.snapshot_date') }}
            as recency_days
    from running
    inner join wanted
        on
            running.slot_date <= wanted.snapshot_date
            and (running.next_slot_date is null or running.next_slot_date > wanted.snapshot_date)
    left join median_gaps
        on
            running.customer_key = median_gaps.customer_key
            and running.slot_date = median_gaps.slot_date
    where running.orders_count > 0
)

select * from final
