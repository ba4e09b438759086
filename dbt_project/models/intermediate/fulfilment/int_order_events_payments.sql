{{ config(materialized='ephemeral', step_of='int_order_events') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
),

final as (
    select
        payments.order_id,
        payments.occurred_at,
        300 as event_rank,
        'payments' as feed,
        payments.kind as event,
        payments.payment_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        payments.amount,
        payments.currency,
        payments.method as detail,
        coalesce(payments.provider, payments._source) as actor,
        payments._file_id,
        payments._record,
        payments._source
    from payments
    inner join states on payments.order_id = states.order_id
)

select * from final
