{#
  What came back, per recognition clock, on the day it came back: the net value of returned units, the goods part of refunds that
  belong to no return and no cancellation, and credit notes. Per order never more than what its clock recognises.
#}
{%- set touched = ['int_revenue_subjects'] -%}
{{ config(
    materialized='incremental', incremental_strategy='replace_touched', unique_key='subject_id', touched=touched,
    pre_hook="{{ remember_replaced_days(['business_date']) }}"
) }}

with return_lines as (
    select
        return_lines.*,
        coalesce(return_lines.order_id, concat('return:', return_lines.return_id)) as subject_id
    from {{ ref('int_return_lines') }} as return_lines
    where {{ is_touched(
        "coalesce(return_lines.order_id, concat('return:', return_lines.return_id))", touched, key='subject_id'
    ) }}
),

returns as (
    select * from {{ ref('stg_returns') }}
    where
        is_current
        and status in ('received', 'restocked', 'scrapped')
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where
        kept_quantity > 0
        and not is_gift_card
        and {{ is_touched('order_id', touched, key='subject_id') }}
),

revenue_sales as (
    select * from {{ ref('int_revenue_sales') }}
    where
        event_kind = 'sale'
        and {{ is_touched('order_id', touched, key='subject_id') }}
),

order_rows as (
    select * from {{ ref('int_revenue_sales') }}
    where
        event_kind = 'order'
        and {{ is_touched('order_id', touched, key='subject_id') }}
),

order_states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched, key='subject_id') }}
),

refunds as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind = 'refunded'
        and return_id is null
        and goods_amount_order_currency > 0
        and {{ is_touched('order_id', touched, key='subject_id') }}
),

coverage as (
    select * from {{ ref('int_coverage') }}
),

clocks as (
    select clocks.recognition_clock
    from (values {% for clock in recognition_clocks() %}('{{ clock }}'){{ ', ' if not loop.last }}{% endfor %}) as clocks (recognition_clock)
),

-- Units in the order in which they came back; received and restocked are two words about the same unit.
counted_events as (
    select
        return_lines.subject_id,
        return_lines.order_id,
        return_lines.line_id,
        return_lines.return_id,
        return_lines.returned_quantity - return_lines.scrapped_quantity as to_stock_quantity,
        returns.status,
        returns.occurred_at,
        sum(case when returns.status = 'received' then returns.quantity else 0 end) over (
            partition by returns.return_id, returns.line_id
            order by returns.occurred_at, returns.status, returns.status_word
            rows between unbounded preceding and current row
        ) as received_so_far,
        sum(case when returns.status = 'received' then 0 else returns.quantity end) over (
            partition by returns.return_id, returns.line_id
            order by returns.occurred_at, returns.status, returns.status_word
            rows between unbounded preceding and current row
        ) as handled_so_far
    from return_lines
    inner join returns
        on
            return_lines.return_id = returns.return_id
            and return_lines.line_id = returns.line_id
    where return_lines.order_id is not null
),

arrivals as (
    select
        counted_events.*,
        greatest(counted_events.received_so_far, counted_events.handled_so_far) as arrived_so_far,
        coalesce(lag(greatest(counted_events.received_so_far, counted_events.handled_so_far)) over (
            partition by counted_events.return_id, counted_events.line_id
            order by counted_events.received_so_far + counted_events.handled_so_far
        ), 0) as arrived_before
    from counted_events
),

numbered_arrivals as (
    select
        arrivals.*,
        arrivals.arrived_so_far - arrivals.arrived_before as arrived_quantity,
        sum(arrivals.arrived_so_far - arrivals.arrived_before) over (
            partition by arrivals.order_id, arrivals.line_id
            order by arrivals.occurred_at, arrivals.return_id, arrivals.arrived_so_far
            rows between unbounded preceding and current row
        ) as returned_so_far
    from arrivals
    where arrivals.arrived_so_far > arrivals.arrived_before
),

recognised_lines as (
    select
        revenue_sales.order_id,
        revenue_sales.line_id,
        {% for clock in recognition_clocks() -%}
        coalesce(sum(revenue_sales.units_quantity) filter (where revenue_sales.{{ clock }}_date is not null), 0)
            as {{ clock }}_quantity{{ ',' if not loop.last }}
        {% endfor -%}
    from revenue_sales
    where revenue_sales.order_id in (select numbered_arrivals.order_id from numbered_arrivals)
    group by
        revenue_sales.order_id,
        revenue_sales.line_id
),

clocked_arrivals as (
    select
        numbered_arrivals.*,
        clocks.recognition_clock,
        case clocks.recognition_clock
            {% for clock in recognition_clocks() -%}
            when '{{ clock }}' then recognised_lines.{{ clock }}_quantity
            {% endfor -%}
        end as recognised_quantity
    from numbered_arrivals
    inner join recognised_lines
        on
            numbered_arrivals.order_id = recognised_lines.order_id
            and numbered_arrivals.line_id = recognised_lines.line_id
    cross join clocks
),

-- Of the recognised units the last ones come back first.
returned_units as (
    select
        clocked_arrivals.*,
        clocked_arrivals.recognised_quantity
        - least(clocked_arrivals.returned_so_far - clocked_arrivals.arrived_quantity, clocked_arrivals.recognised_quantity)
            as kept_before,
        clocked_arrivals.recognised_quantity - least(clocked_arrivals.returned_so_far, clocked_arrivals.recognised_quantity)
            as kept_after,
        least(clocked_arrivals.arrived_so_far, clocked_arrivals.to_stock_quantity)
        - least(clocked_arrivals.arrived_before, clocked_arrivals.to_stock_quantity) as restocked_quantity
    from clocked_arrivals
),

split_returns as (
    select
        returned_units.*,
        order_lines.sku,
        order_lines.prices_include_tax,
        {% for column in ['gross', 'discount', 'tax'] -%}
        {% for unit in ['kept_before', 'kept_after'] -%}
        {{ split_amount(
            'order_lines.ordered_' ~ column ~ '_amount', 'returned_units.' ~ unit, 'order_lines.ordered_quantity',
            'order_lines.currency_digits'
        ) }} as {{ column }}_{{ unit }}{{ ',' if not (loop.last and column == 'tax') }}
        {% endfor -%}
        {% endfor -%}
    from returned_units
    inner join order_lines
        on
            returned_units.order_id = order_lines.order_id
            and returned_units.line_id = order_lines.line_id
    where returned_units.kept_before > returned_units.kept_after
),

valued_returns as (
    select
        split_returns.*,
        split_returns.tax_kept_before - split_returns.tax_kept_after as tax_amount,
        split_returns.gross_kept_before - split_returns.gross_kept_after
        - split_returns.discount_kept_before + split_returns.discount_kept_after
        - case
            when split_returns.prices_include_tax then split_returns.tax_kept_before - split_returns.tax_kept_after
            else 0
        end as net_amount
    from split_returns
),

-- Refunds first settle what was cancelled.
summed_refunds as (
    select
        refunds.*,
        order_states.currency_digits,
        greatest(
            order_states.ordered_net_amount - order_states.net_amount
            - case
                when order_states.prices_include_tax then order_states.ordered_tax_amount - order_states.tax_amount
                else 0
            end,
            0
        ) as cancelled_amount,
        sum(refunds.goods_amount_order_currency) over (
            partition by refunds.order_id
            order by refunds.occurred_at, refunds.payment_id
            rows between unbounded preceding and current row
        ) as refunded_so_far
    from refunds
    inner join order_states on refunds.order_id = order_states.order_id
),

goods_refunds as (
    select
        summed_refunds.*,
        greatest(summed_refunds.refunded_so_far - summed_refunds.cancelled_amount, 0)
        - greatest(
            summed_refunds.refunded_so_far - summed_refunds.goods_amount_order_currency - summed_refunds.cancelled_amount, 0
        ) as net_amount
    from summed_refunds
),

claims as (
    select
        valued_returns.order_id,
        valued_returns.recognition_clock,
        'return' as event_kind,
        valued_returns.return_id,
        valued_returns.line_id,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        valued_returns.sku,
        valued_returns.arrived_so_far as event_number,
        valued_returns.kept_before - valued_returns.kept_after as returned_quantity,
        least(valued_returns.restocked_quantity, valued_returns.kept_before - valued_returns.kept_after) as restocked_quantity,
        valued_returns.net_amount,
        valued_returns.tax_amount,
        valued_returns.net_amount as goods_amount,
        0 as currency_digits,
        valued_returns.occurred_at
    from valued_returns
    union all
    select
        goods_refunds.order_id,
        clocks.recognition_clock,
        'goods_refund' as event_kind,
        null as return_id,
        null as line_id,
        goods_refunds.payment_id,
        null as sku,
        0 as event_number,
        0 as returned_quantity,
        0 as restocked_quantity,
        goods_refunds.net_amount,
        coalesce(goods_refunds.tax_amount_order_currency, 0) as tax_amount,
        goods_refunds.goods_amount_order_currency as goods_amount,
        goods_refunds.currency_digits,
        goods_refunds.occurred_at
    from goods_refunds
    cross join clocks
),

-- Only refunds can claim more than was recognised; returned units never do.
recognised_orders as (
    select
        revenue_sales.order_id,
        {% for clock in recognition_clocks() -%}
        coalesce(
            sum(revenue_sales.gross_sales_amount - revenue_sales.discounts_amount)
            filter (where revenue_sales.{{ clock }}_date is not null), 0
        ) as {{ clock }}_amount{{ ',' if not loop.last }}
        {% endfor -%}
    from revenue_sales
    where revenue_sales.order_id in (select goods_refunds.order_id from goods_refunds)
    group by revenue_sales.order_id
),

limited_claims as (
    select
        claims.*,
        case claims.recognition_clock
            {% for clock in recognition_clocks() -%}
            when '{{ clock }}' then recognised_orders.{{ clock }}_amount
            {% endfor -%}
        end as recognised_amount,
        sum(claims.net_amount) over (
            partition by claims.order_id, claims.recognition_clock
            order by
                claims.occurred_at,
                claims.event_kind,
                claims.return_id nulls last,
                claims.line_id nulls last,
                claims.event_number,
                claims.payment_id nulls last
            rows between unbounded preceding and current row
        ) as claimed_so_far
    from claims
    inner join recognised_orders on claims.order_id = recognised_orders.order_id
),

granted as (
    select
        limited_claims.*,
        least(limited_claims.claimed_so_far, limited_claims.recognised_amount)
        - least(limited_claims.claimed_so_far - limited_claims.net_amount, limited_claims.recognised_amount) as returns_amount
    from limited_claims
),

-- The tax of a refund follows the part of it that counts.
order_returns as (
    select
        granted.order_id,
        granted.recognition_clock,
        granted.event_kind,
        granted.return_id,
        granted.line_id,
        granted.payment_id,
        granted.sku,
        granted.event_number,
        granted.returned_quantity,
        granted.restocked_quantity,
        granted.returns_amount,
        case
            when granted.event_kind = 'return' then granted.tax_amount
            else {{ round_half_even_quotient(
                'granted.tax_amount', ten_thousandths('granted.returns_amount'),
                ten_thousandths('granted.goods_amount'), 'granted.currency_digits'
            ) }}
        end as tax_amount,
        granted.occurred_at
    from granted
    where
        granted.event_kind = 'return'
        or granted.returns_amount > 0
    union all
    select
        claims.order_id,
        claims.recognition_clock,
        claims.event_kind,
        claims.return_id,
        claims.line_id,
        claims.payment_id,
        claims.sku,
        claims.event_number,
        claims.returned_quantity,
        claims.restocked_quantity,
        claims.net_amount as returns_amount,
        claims.tax_amount,
        claims.occurred_at
    from claims
    where
        claims.event_kind = 'return'
        and not exists (select 1 from recognised_orders where recognised_orders.order_id = claims.order_id)
),

-- A source without payments sells nothing by that clock, and so takes nothing back by it.
source_clocks as (
    select
        coverage.source,
        case coverage.feed
            when 'orders' then 'placed'
            when 'payments' then 'paid'
            when 'shipments' then 'shipped'
            when 'tracking' then 'delivered'
        end as recognition_clock
    from coverage
    where
        coverage.feed = 'orders'
        or (coverage.is_tracked and coverage.feed in ('payments', 'shipments', 'tracking'))
),

credit_notes as (
    select
        return_lines.*,
        least(return_lines.received_at, return_lines.restocked_at, return_lines.scrapped_at) as credited_at
    from return_lines
    where
        return_lines.is_credit_note
        and return_lines.credit_amount is not null
),

events as (
    select
        order_returns.order_id as subject_id,
        order_returns.order_id,
        order_returns.return_id,
        order_returns.line_id,
        order_returns.payment_id,
        order_returns.recognition_clock,
        order_returns.event_kind,
        order_returns.event_number,
        coalesce(order_returns.sku, order_rows.sku) as sku,
        order_states.channel,
        order_states.ship_country as country,
        order_states.currency,
        order_returns.returned_quantity,
        order_returns.restocked_quantity,
        order_returns.returns_amount,
        -order_returns.tax_amount as tax_amount,
        order_states.placed_date as cost_date,
        {{ business_date('order_returns.occurred_at') }} as business_date
    from order_returns
    inner join order_states on order_returns.order_id = order_states.order_id
    left join order_rows on order_returns.order_id = order_rows.order_id
    union all
    select
        credit_notes.subject_id,
        null as order_id,
        credit_notes.return_id,
        credit_notes.line_id,
        null as payment_id,
        source_clocks.recognition_clock,
        'credit_note' as event_kind,
        0 as event_number,
        credit_notes.sku,
        credit_notes.channel,
        credit_notes.country,
        -- ISO's code for no currency, which has no rate.
        coalesce(credit_notes.currency, 'XXX') as currency,
        credit_notes.returned_quantity,
        credit_notes.returned_quantity - credit_notes.scrapped_quantity as restocked_quantity,
        credit_notes.credit_amount as returns_amount,
        0 as tax_amount,
        {{ business_date('credit_notes.credited_at') }} as cost_date,
        {{ business_date('credit_notes.credited_at') }} as business_date
    from credit_notes
    inner join source_clocks on credit_notes._source = source_clocks.source
    where credit_notes.credited_at is not null
),

final as (
    select
        events.subject_id,
        events.order_id,
        events.return_id,
        events.line_id,
        events.payment_id,
        events.recognition_clock,
        events.event_kind,
        events.sku,
        events.channel,
        events.country,
        events.currency,
        {% for column in ['event_number', 'returned_quantity', 'restocked_quantity'] -%}
        cast(events.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in ['returns_amount', 'tax_amount'] -%}
        cast(events.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(events.cost_date as date) as cost_date,
        cast(events.business_date as date) as business_date,
        {{ this_batch() }} as _batch_id
    from events
)

select * from final
