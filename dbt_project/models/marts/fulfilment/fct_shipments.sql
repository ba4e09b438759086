{{ config(materialized='view') }}
{%- set same = [
    'shipment_id', 'order_id', 'carrier', 'service', 'tracking_number', 'warehouse_id', 'ship_country', 'lane',
    'delivery_status', 'latest_scan_status', 'outcome', 'cost_currency', 'currency', 'source', 'lines_count', 'quantity',
    'scans_count', 'attempts_count', 'cost_amount'
] %}
{%- set after = [
    'is_orphan', 'has_delivery_problem', 'is_delivered', 'is_cancelled', 'is_lost', 'is_returned', 'is_on_time',
    'is_within_estimate', 'shipped_date', 'promised_date', 'delivered_date', 'shipped_at', 'estimated_delivery_at',
    'estimate_ends_at', 'promise_ends_at', 'first_attempt_at', 'delivered_at', 'cancelled_at', 'lost_at', 'returned_at', 'last_scan_at',
    'hours_to_ship', 'hours_to_pick_up', 'hours_between_depots', 'hours_on_last_mile', 'hours_to_first_attempt',
    'hours_in_transit', 'hours_past_promise', '_batch_id'
] %}

with parcels as (
    select * from {{ published_ref('int_parcel_states') }}
),

rates as (
    select * from {{ published_ref('int_fx_daily') }}
),

final as (
    select
        {% for column in same -%}
        parcels.{{ column }},
        {% endfor -%}
        cast(
            case
                when parcels.cost_currency = parcels.currency then parcels.cost_amount
                else {{ converted_amount('parcels.cost_amount', 'cost_rates', 'order_rates', 'parcels.currency_digits') }}
            end as {{ money_type() }}
        ) as cost_amount_order_currency,
        {{ reporting_amount('parcels.cost_amount', 'cost_rates.rate') }} as cost_amount_reporting,
        {% for column in after -%}
        parcels.{{ column }},
        {% endfor -%}
        cast({{ days_between('parcels.promised_date', 'parcels.delivered_date') }} as {{ dbt.type_bigint() }})
            as days_past_promise
    from parcels
    left join rates as cost_rates
        on
            parcels.cost_currency = cost_rates.currency
            and parcels.shipped_date = cost_rates.rate_date
    left join rates as order_rates
        on
            parcels.currency = order_rates.currency
            and parcels.shipped_date = order_rates.rate_date
)

select * from final
