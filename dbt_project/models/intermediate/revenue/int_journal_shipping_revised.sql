{#
  Shipping of the orders whose shipping changed after their first parcel had left, or whose parcels did not all stay: charged with
  the first parcel, changed by later versions, taken back while no parcel is left.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_revisions') }}
-- depends_on: {{ ref('int_touched_orders') }}

with orders as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

versions as (
    select * from {{ ref('stg_orders') }}
    where {{ is_touched('order_id', touched) }}
),

parcels as (
    select * from {{ ref('int_journal_shipping_parcels') }}
),

first_parcels as (
    select
        parcels.order_id,
        min(parcels.recognised_date) as recognised_date
    from parcels
    group by parcels.order_id
),

daily_versions as (
    select
        versions.order_id,
        versions.currency,
        versions.shipping_amount,
        versions.shipping_tax_amount,
        versions.prices_include_tax,
        {{ business_date('versions.updated_at') }} as version_date
    from versions
    where versions.order_id in (select first_parcels.order_id from first_parcels)
    qualify row_number() over (
        partition by versions.order_id, {{ business_date('versions.updated_at') }}
        order by versions.updated_at desc, versions.is_current desc, versions.content_hash desc nulls last
    ) = 1
),

version_days as (
    select
        daily_versions.*,
        {{ in_force_from('daily_versions.order_id', 'daily_versions.version_date') }} as from_date,
        lead(daily_versions.version_date) over (partition by daily_versions.order_id order by daily_versions.version_date)
            as until_date
    from daily_versions
),

-- The state of an order says that no shipping is due where nothing is left of it.
amounts as (
    select
        version_days.order_id,
        version_days.currency,
        version_days.from_date,
        coalesce(version_days.until_date, cast('9999-12-31' as date)) as until_date,
        {% for column in ['shipping_amount', 'shipping_tax_amount'] -%}
        case
            when version_days.until_date is null and first_parcels.recognised_date is not null then orders.{{ column }}
            else {{ rounded_amount('version_days.' ~ column, minor_unit('currencies.minor_digits')) }}
        end as {{ column }},
        {% endfor -%}
        version_days.prices_include_tax,
        orders.placed_date
    from version_days
    inner join orders on version_days.order_id = orders.order_id
    inner join first_parcels on version_days.order_id = first_parcels.order_id
    left join {{ ref('currencies') }} as currencies on version_days.currency = currencies.currency
),

days as (
    {% for day in ['shipped_date', 'ended_date'] -%}
    select
        parcels.order_id,
        parcels.{{ day }} as business_date
    from parcels
    where parcels.{{ day }} is not null
    union
    {% endfor -%}
    select
        amounts.order_id,
        amounts.from_date as business_date
    from amounts
),

on_the_way as (
    select
        days.order_id,
        days.business_date,
        count(case when coalesce(parcels.ended_date > days.business_date, true) then 1 end) as parcels_count
    from days
    inner join parcels
        on
            days.order_id = parcels.order_id
            and days.business_date >= parcels.shipped_date
    group by
        days.order_id,
        days.business_date
),

valued as (
    select
        on_the_way.*,
        amounts.currency,
        case when on_the_way.parcels_count > 0 then amounts.shipping_tax_amount else 0 end as tax_amount,
        case when on_the_way.parcels_count = 0 then 0
            else amounts.shipping_amount - case when amounts.prices_include_tax then amounts.shipping_tax_amount else 0 end
        end as shipping_amount,
        amounts.placed_date,
        coalesce(lag(on_the_way.parcels_count) over (
            partition by on_the_way.order_id order by on_the_way.business_date
        ), 0) as earlier_parcels_count,
        lead(on_the_way.business_date) over (partition by on_the_way.order_id order by on_the_way.business_date) as next_date
    from on_the_way
    inner join amounts
        on
            on_the_way.order_id = amounts.order_id
            and on_the_way.business_date >= amounts.from_date
            and on_the_way.business_date < amounts.until_date
),

kinds as (
    select
        valued.order_id,
        valued.business_date,
        case
            when valued.parcels_count = 0 then 'shipping_reversed'
            when valued.earlier_parcels_count = 0 then 'shipping'
            else 'shipping_change'
        end as entry_kind
    from valued
),

signed as (
    {% for date, direction in [('business_date', 1), ('next_date', -1)] -%}
    select
        valued.order_id,
        valued.currency,
        {{ direction }} as direction,
        {{ direction }} * valued.tax_amount as tax_amount,
        {{ direction }} * valued.shipping_amount as shipping_amount,
        valued.placed_date,
        valued.{{ date }} as business_date
    from valued
    where
        valued.{{ date }} is not null
        and (valued.tax_amount <> 0 or valued.shipping_amount <> 0)
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        concat(signed.order_id, '::') as entry_key,
        kinds.entry_kind,
        signed.order_id,
        signed.currency,
        max(signed.direction) as direction,
        sum(signed.tax_amount) as tax_amount,
        signed.placed_date,
        first_parcels.recognised_date,
        signed.business_date,
        sum(signed.shipping_amount) as shipping_amount
    from signed
    inner join kinds
        on
            signed.order_id = kinds.order_id
            and signed.business_date = kinds.business_date
    inner join first_parcels on signed.order_id = first_parcels.order_id
    group by
        signed.order_id,
        signed.currency,
        kinds.entry_kind,
        signed.placed_date,
        first_parcels.recognised_date,
        signed.business_date
    having
        sum(signed.tax_amount) <> 0
        or sum(signed.shipping_amount) <> 0
)

select * from final
