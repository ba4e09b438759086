{#
  What the parcels of revised lines sold, day by day: their value by the version in force when they left, and what each later
  version and the end of a parcel changed, on its own day. The changes of a parcel add up to what the revenue mart recognises now.
#}
{%- set amounts = ['gross', 'discount', 'tax', 'discount_tax'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_revisions') }}

with parcels as (
    select * from {{ ref('int_journal_lines_revised') }}
),

versions as (
    select * from {{ ref('int_journal_versions') }}
),

days as (
    {% for day in ['shipped_date', 'ended_date'] -%}
    select
        parcels.order_id,
        parcels.line_id,
        parcels.{{ day }} as business_date
    from parcels
    union
    {% endfor -%}
    select
        versions.order_id,
        versions.line_id,
        versions.from_date as business_date
    from versions
),

-- A parcel sells from the day on which it leaves to the day on which it ends. Units leave in the order of their
-- parcels; of more than are kept, those that arrive first are the sold ones, as in the revenue mart.
counted as (
    select
        versions.*,
        days.business_date,
        parcels.shipment_id,
        parcels.outcome,
        parcels.placed_date,
        parcels.shipped_date,
        parcels.ended_date,
        parcels.recognised_date,
        case when coalesce(parcels.ended_date > days.business_date, true) then parcels.quantity else 0 end as parcel_quantity,
        sum(case when coalesce(parcels.ended_date > days.business_date, true) then parcels.quantity else 0 end) over (
            partition by days.order_id, days.line_id, days.business_date
            order by parcels.arrived_at nulls last, parcels.shipped_at, parcels.shipment_id
            rows between unbounded preceding and current row
        ) as shipped_so_far
    from days
    inner join versions
        on
            days.order_id = versions.order_id
            and days.line_id = versions.line_id
            and days.business_date >= versions.from_date
            and days.business_date < versions.until_date
    inner join parcels
        on
            days.order_id = parcels.order_id
            and days.line_id = parcels.line_id
            and days.business_date >= parcels.shipped_date
),

numbered as (
    select
        counted.*,
        least(counted.shipped_so_far - counted.parcel_quantity, counted.ordered_quantity) as first_unit,
        least(counted.shipped_so_far, counted.ordered_quantity) as last_unit
    from counted
),

valued as (
    select
        numbered.*,
        {% for column in amounts -%}
        {% for unit in ['last_unit', 'first_unit'] -%}
        {{ split_amount(
            'numbered.ordered_' ~ column ~ '_amount', 'numbered.' ~ unit, 'numbered.ordered_quantity', 'numbered.currency_digits'
        ) }} {{ '-' if loop.first else 'as ' ~ column ~ '_amount,' }}
        {% endfor -%}
        {% endfor -%}
        lead(numbered.business_date) over (
            partition by numbered.order_id, numbered.line_id, numbered.shipment_id
            order by numbered.business_date
        ) as next_date
    from numbered
),

-- Each day's value is posted on its day and taken back on the next day on which it changes.
signed as (
    {% for date, direction in [('business_date', 1), ('next_date', -1)] -%}
    select
        valued.order_id,
        valued.line_id,
        valued.shipment_id,
        valued.sku,
        valued.currency,
        valued.outcome,
        {{ direction }} as direction,
        valued.last_unit - valued.first_unit as goods_quantity,
        {{ direction }} * (
            valued.gross_amount - case when valued.prices_include_tax then valued.tax_amount else 0 end - valued.discount_tax_amount
        ) as gross_sales_amount,
        {{ direction }} * (valued.discount_amount - valued.discount_tax_amount) as discounts_amount,
        {{ direction }} * valued.tax_amount as tax_amount,
        valued.placed_date,
        valued.shipped_date,
        valued.ended_date,
        valued.recognised_date,
        valued.{{ date }} as business_date
    from valued
    where valued.last_unit > valued.first_unit and valued.{{ date }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

changes as (
    select
        signed.order_id,
        signed.line_id,
        signed.shipment_id,
        signed.sku,
        signed.currency,
        case
            when signed.business_date = signed.shipped_date then 'sale'
            when signed.business_date = signed.ended_date
                then concat('parcel_', replace(min(signed.outcome), 'carrier_', ''))
            else 'sale_change'
        end as entry_kind,
        max(signed.direction) as direction,
        sum(case when signed.direction = 1 then signed.goods_quantity else 0 end) as goods_quantity,
        sum(case when signed.direction = -1 then signed.goods_quantity else 0 end) as earlier_goods_quantity,
        sum(signed.gross_sales_amount) as gross_sales_amount,
        sum(signed.discounts_amount) as discounts_amount,
        sum(signed.tax_amount) as tax_amount,
        signed.placed_date,
        signed.recognised_date,
        signed.business_date
    from signed
    group by
        signed.order_id,
        signed.line_id,
        signed.shipment_id,
        signed.sku,
        signed.currency,
        signed.placed_date,
        signed.shipped_date,
        signed.ended_date,
        signed.recognised_date,
        signed.business_date
),

final as (
    select
        concat(changes.order_id, ':', changes.line_id, ':', changes.shipment_id) as entry_key,
        changes.entry_kind,
        changes.order_id,
        changes.line_id,
        changes.shipment_id,
        changes.sku,
        changes.currency,
        changes.direction,
        changes.goods_quantity,
        changes.earlier_goods_quantity,
        changes.gross_sales_amount,
        changes.discounts_amount,
        changes.tax_amount,
        changes.placed_date,
        changes.recognised_date,
        changes.business_date
    from changes
)

select * from final
