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
        return_states.return_status,
        return_states.currency,
        return_states.source,
        return_states.requested_quantity,
        return_states.approved_quantity,
        return_states.declined_quantity,
        return_states.received_quantity,
        return_states.restocked_quantity,
        return_states.scrapped_quantity,
        return_states.returned_quantity,
        return_states.unit_price_amount,
        return_states.requested_at,
        return_states.approved_at,
        return_states.declined_at,
        return_states.received_at,
        return_states.restocked_at,
        return_states.scrapped_at,
        return_states.cancelled_at,
        return_states.opened_at,
        return_states.last_event_at,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as {{ dbt.type_string() }}) as country,
        cast(null as {{ money_type() }}) as credit_amount,
        false as is_credit_note,
        return_states._batch_id
    from return_states

    union all

    select
        credit_notes.return_id,
        credit_notes.line_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        credit_notes.sku,
        credit_notes.warehouse_id,
        credit_notes.return_status,
        credit_notes.currency,
        credit_notes.source,
        credit_notes.requested_quantity,
        credit_notes.approved_quantity,
        credit_notes.declined_quantity,
        credit_notes.received_quantity,
        credit_notes.restocked_quantity,
        credit_notes.scrapped_quantity,
        credit_notes.returned_quantity,
        cast(null as {{ money_type() }}) as unit_price_amount,
        credit_notes.requested_at,
        credit_notes.approved_at,
        credit_notes.declined_at,
        credit_notes.received_at,
        credit_notes.restocked_at,
        credit_notes.scrapped_at,
        credit_notes.cancelled_at,
        credit_notes.opened_at,
        credit_notes.last_event_at,
        credit_notes.customer_id,
        credit_notes.channel,
        credit_notes.country,
        credit_notes.credit_amount,
        true as is_credit_note,
        credit_notes._batch_id
    from credit_notes
)

select * from final
