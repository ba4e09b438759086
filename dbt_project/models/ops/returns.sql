{%- set words = ['requested', 'approved', 'declined', 'received', 'restocked', 'scrapped'] %}

with returns as (
    select * from {{ published_ref('fct_returns') }}
),

final as (
    select
        returns.return_id,
        returns.line_id,
        returns.order_id,
        returns.sku,
        returns.warehouse_id,
        returns.return_status,
        returns.currency,
        returns.source,
        {% for word in words + ['returned'] -%}
        returns.{{ word }}_quantity,
        {% endfor -%}
        returns.unit_price_amount,
        {% for word in words + ['cancelled'] -%}
        returns.{{ word }}_at,
        {% endfor -%}
        returns.opened_at,
        returns.last_event_at,
        returns.customer_id,
        returns.channel,
        returns.country,
        returns.credit_amount,
        returns.is_credit_note,
        returns._batch_id
    from returns
)

select * from final
