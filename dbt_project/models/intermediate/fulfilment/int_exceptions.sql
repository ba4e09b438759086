{# The worklist without its clock: every exception that any domain raises now or will raise at `opened_at`. #}
with raised as (
    {% for domain in ['fulfilment', 'staging', 'money', 'inventory'] -%}
    select
        subject_type,
        subject_id,
        order_id,
        sku,
        code,
        currency,
        detail,
        amount_at_stake,
        opened_at,
        _source
    from {{ ref('int_exceptions_' ~ domain) }}
    union all
    {% endfor -%}
    select
        'order' as subject_type,
        order_id as subject_id,
        order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        'duplicate_order_suspect' as code,
        currency,
        concat('Same lines and amount as order ', earlier_order_id, ' of the same customer, minutes before') as detail,
        ordered_due_amount as amount_at_stake,
        placed_at as opened_at,
        _source
    from {{ ref('int_duplicate_orders') }}
),

final as (
    select
        md5(concat_ws('|', raised.subject_type, raised.subject_id, raised.code)) as exception_id,
        raised.subject_type,
        raised.subject_id,
        raised.order_id,
        raised.sku,
        raised.code,
        raised.currency,
        raised.detail,
        raised._source as source,
        cast(raised.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        raised.opened_at
    from raised
    qualify row_number() over (
        partition by raised.subject_type, raised.subject_id, raised.code
        order by raised.opened_at nulls last, raised.detail nulls last
    ) = 1
)

select * from final
