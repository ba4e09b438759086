{{ config(materialized='view') }}
{%- set words = ['requested', 'approved', 'declined', 'received', 'restocked', 'scrapped'] %}

with return_states as (
    select * from {{ published_ref('int_return_states') }}
),

credit_notes as (
    select * from {{ published_ref('int_credit_notes') }}
),

final as (
    select
        return_states.return_id,
        return_states.line_id,
        return_states.order_id,
        return_states.sku,
        return_states.warehouse_id,
        return_states.reason_token,
        return_states.return_status,
        return_states.outcome,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as {{ dbt.type_string() }}) as country,
        return_states.currency,
        return_states.source,
        {% for word in words + ['returned'] -%}
        return_states.{{ word }}_quantity,
        {% endfor -%}
        return_states.unit_price_amount,
        cast(return_states.returned_gross_amount - return_states.returned_discount_amount as {{ money_type() }})
            as returned_net_amount,
        return_states.returned_tax_amount,
        cast(null as {{ money_type() }}) as credit_amount,
        false as is_credit_note,
        {% for word in words + ['cancelled'] -%}
        return_states.{{ word }}_at,
        {% endfor -%}
        return_states.arrived_at,
        return_states.refunded_at,
        return_states.opened_at,
        return_states.last_event_at,
        return_states.hours_to_receive,
        return_states.hours_to_refund,
        return_states._batch_id
    from return_states

    union all

    select
        credit_notes.return_id,
        credit_notes.line_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        credit_notes.sku,
        credit_notes.warehouse_id,
        credit_notes.reason_token,
        credit_notes.return_status,
        cast('credit_note' as {{ dbt.type_string() }}) as outcome,
        credit_notes.customer_id,
        credit_notes.channel,
        credit_notes.country,
        credit_notes.currency,
        credit_notes.source,
        {% for word in words + ['returned'] -%}
        credit_notes.{{ word }}_quantity,
        {% endfor -%}
        cast(null as {{ money_type() }}) as unit_price_amount,
        cast(null as {{ money_type() }}) as returned_net_amount,
        cast(null as {{ money_type() }}) as returned_tax_amount,
        credit_notes.credit_amount,
        true as is_credit_note,
        {% for word in words + ['cancelled'] -%}
        credit_notes.{{ word }}_at,
        {% endfor -%}
        least(credit_notes.received_at, credit_notes.restocked_at, credit_notes.scrapped_at) as arrived_at,
        cast(null as timestamp) as refunded_at,
        credit_notes.opened_at,
        credit_notes.last_event_at,
        cast(null as double) as hours_to_receive,
        cast(null as double) as hours_to_refund,
        credit_notes._batch_id
    from credit_notes
)

select * from final
