{# Exceptions about lines that were charged at another price than the one agreed. #}
{{ config(materialized='ephemeral', step_of='int_exceptions_terms') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with contracted as (
    select * from {{ ref('int_lines_contracted') }}
    where
        is_off_contract
        and {{ is_touched('order_id', touched) }}
),

final as (
    select
        'off_contract_price' as code,
        contracted.order_id,
        contracted.line_id,
        contracted.sku,
        contracted.placed_at as opened_at,
        abs(contracted.difference_amount) as amount_at_stake,
        contracted.currency,
        concat(
            'Line ', contracted.line_id, ': ',
            {{ written_price('contracted.charged_unit_price_amount', 'contracted.currency', 'contracted.currency_digits') }},
            ' charged for a unit, ',
            {{ written_price('contracted.contract_unit_price_amount', 'contracted.currency', 'contracted.currency_digits') }},
            ' agreed in price list ', contracted.price_list_id, '; ', {{ counted('contracted.kept_quantity', 'unit') }},
            case when contracted.is_without_tax_share then '; compared as they are, because the line has no tax' else '' end
        ) as detail,
        contracted._source
    from contracted
)

select * from final
