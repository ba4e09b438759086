{#
  What the returned units of revised lines took back, day by day. On a day they are the last units of those that are sold on it, at the
  version in force on it. What each later version and parcel changes is posted on its own day. The changes add up to what the
  returns claim in the revenue mart now, before it cuts them to what the order has sold; an order of which they do not is left out.
#}
{%- set touched = ['int_touched_orders'] -%}
{%- set amounts = ['gross', 'discount', 'tax'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_revisions') }}
-- depends_on: {{ ref('int_touched_orders') }}

with returns as (
    select * from {{ ref('int_revenue_returns') }}
    where
        recognition_clock = 'shipped'
        and event_kind = 'return'
        and {{ is_touched('order_id', touched) }}
),

units_returned as (
    select * from {{ ref('int_revenue_units_returned') }}
    where {{ is_touched('order_id', touched) }}
),

parcels as (
    select * from {{ ref('int_journal_lines_revised') }}
),

versions as (
    select * from {{ ref('int_journal_versions') }}
),

line_days as (
    {% for table, day in [('parcels', 'shipped_date'), ('parcels', 'ended_date'), ('versions', 'from_date')] -%}
    select
        {{ table }}.order_id,
        {{ table }}.line_id,
        {{ table }}.{{ day }} as business_date
    from {{ table }}
    where {{ table }}.{{ day }} is not null
    union
    {% endfor -%}
    select
        returns.order_id,
        returns.line_id,
        returns.business_date
    from returns
),

sold as (
    select
        line_days.order_id,
        line_days.line_id,
        line_days.business_date,
        sum(case when coalesce(parcels.ended_date > line_days.business_date, true) then parcels.quantity else 0 end)
            as shipped_quantity
    from line_days
    inner join parcels
        on
            line_days.order_id = parcels.order_id
            and line_days.line_id = parcels.line_id
            and line_days.business_date >= parcels.shipped_date
    group by
        line_days.order_id,
        line_days.line_id,
        line_days.business_date
),

-- The mart divides the units of one arrival by the days on which they count. The earliest sold come first.
arrived as (
    select
        returns.*,
        units_returned.returned_before_quantity,
        units_returned.restocked_quantity as arrived_to_stock_quantity,
        units_returned.returned_before_quantity + sum(returns.returned_quantity) over (
            partition by returns.order_id, returns.line_id, returns.return_id, returns.event_number
            order by returns.business_date
            rows between unbounded preceding and current row
        ) as last_returned
    from returns
    inner join units_returned
        on
            returns.order_id = units_returned.order_id
            and returns.line_id = units_returned.line_id
            and returns.return_id = units_returned.return_id
            and returns.event_number = units_returned.event_number
),

dated as (
    select
        versions.*,
        arrived.return_id,
        arrived.event_number,
        arrived.cost_date as placed_date,
        arrived.claimed_amount as recognised_amount,
        arrived.claimed_tax_amount as recognised_tax_amount,
        arrived.business_date as recognised_date,
        sold.business_date,
        arrived.arrived_to_stock_quantity,
        arrived.returned_before_quantity,
        arrived.last_returned - arrived.returned_quantity as first_returned,
        least(arrived.last_returned, sold.shipped_quantity, versions.ordered_quantity) as last_returned,
        least(sold.shipped_quantity, versions.ordered_quantity) as sold_quantity
    from arrived
    inner join sold
        on
            arrived.order_id = sold.order_id
            and arrived.line_id = sold.line_id
            and arrived.business_date <= sold.business_date
    inner join versions
        on
            sold.order_id = versions.order_id
            and sold.line_id = versions.line_id
            and sold.business_date >= versions.from_date
            and sold.business_date < versions.until_date
),

valued as (
    select
        dated.*,
        case when dated.last_returned > dated.first_returned then
            least(dated.arrived_to_stock_quantity, dated.last_returned - dated.returned_before_quantity)
            - least(dated.arrived_to_stock_quantity, dated.first_returned - dated.returned_before_quantity)
            else 0
        end as restocked_quantity,
        {% for column in amounts -%}
        case when dated.last_returned > dated.first_returned then
            {{ split_amount(
                'dated.ordered_' ~ column ~ '_amount', 'dated.sold_quantity - dated.first_returned', 'dated.ordered_quantity',
                'dated.currency_digits'
            ) }} - {{ split_amount(
                'dated.ordered_' ~ column ~ '_amount', 'dated.sold_quantity - dated.last_returned', 'dated.ordered_quantity',
                'dated.currency_digits'
            ) }} else 0
        end as {{ column }}_amount,
        {% endfor -%}
        lead(dated.business_date) over (
            partition by dated.order_id, dated.line_id, dated.return_id, dated.event_number, dated.recognised_date
            order by dated.business_date
        ) as next_date
    from dated
),

netted as (
    select
        valued.*,
        valued.gross_amount - valued.discount_amount - case when valued.prices_include_tax then valued.tax_amount else 0 end
            as returns_amount
    from valued
),

other_orders as (
    select distinct netted.order_id
    from netted
    where
        netted.next_date is null
        and (netted.returns_amount <> netted.recognised_amount or -netted.tax_amount <> netted.recognised_tax_amount)
),

-- Each day's value is posted on its day and taken back on the next day on which it may change.
signed as (
    {% for date, direction in [('business_date', 1), ('next_date', -1)] -%}
    select
        netted.*,
        {{ direction }} as direction,
        netted.{{ date }} as posted_date
    from netted
    where
        netted.{{ date }} is not null
        and netted.last_returned > netted.first_returned
        and netted.order_id not in (select other_orders.order_id from other_orders)
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        concat(
            signed.return_id, ':', signed.line_id, ':', cast(signed.event_number as {{ dbt.type_string() }}), ':',
            cast(signed.recognised_date as {{ dbt.type_string() }})
        ) as entry_key,
        case when signed.posted_date = signed.recognised_date then 'return' else 'return_change' end as entry_kind,
        signed.order_id,
        signed.line_id,
        signed.return_id,
        signed.event_number,
        signed.sku,
        signed.currency,
        max(signed.direction) as direction,
        -sum(case when signed.direction = 1 then signed.restocked_quantity else 0 end) as goods_quantity,
        -sum(case when signed.direction = -1 then signed.restocked_quantity else 0 end) as earlier_goods_quantity,
        sum(signed.direction * signed.returns_amount) as returns_amount,
        -sum(signed.direction * signed.tax_amount) as tax_amount,
        signed.placed_date,
        signed.recognised_date,
        signed.posted_date as business_date
    from signed
    group by all
)

select * from final
