{{ config(materialized='ephemeral', step_of='int_order_events') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

carts as (
    select * from {{ ref('stg_carts') }}
),

final as (
    select
        carts.order_id,
        carts.occurred_at,
        -1 as event_rank,
        'carts' as feed,
        carts.status as event,
        carts.cart_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        carts.quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        carts.sku as detail,
        carts._source as actor,
        carts._file_id,
        carts._record,
        carts._source
    from carts
    inner join states on carts.order_id = states.order_id
    where carts.is_current
)

select * from final
