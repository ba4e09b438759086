{#
  Rows of feeds that confirm an action of an operator: the source that owns the order, or a warehouse, says what the action
  asked for. This model is the definition, kind by kind. No feed can confirm approve, decline, note and tag.
#}
{{ config(materialized='ephemeral', step_of='int_actions_sent_back') }}

with actions as (
    select
        actions.*,
        -- A source states the cancelled units of a line as one number.
        sum(case when actions.kind = 'cancel_line' then actions.quantity end) over (
            partition by actions.order_id, actions.line_id
            order by actions.occurred_at, actions.action_id
            rows between unbounded preceding and current row
        ) as cancelled_units
    from {{ ref('int_actions_shown') }} as actions
    where
        actions.is_accepted
        and actions.source = 'operators'
),

shown as (
    select * from {{ ref('int_actions_shown') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
    where not is_cancelled
),

return_lines as (
    select * from {{ ref('stg_returns') }}
),

acted_orders as (
    select distinct actions.order_id from actions
),

order_versions as (
    select
        orders.*,
        concat_ws(
            '|', coalesce(orders.ship_name_token, ''), coalesce(orders.ship_street_token, ''),
            coalesce(orders.ship_city, ''), coalesce(orders.ship_region, ''), coalesce(orders.ship_postcode, ''),
            coalesce(orders.ship_country, '')
        ) as address
    from orders
    where orders.order_id in (select acted_orders.order_id from acted_orders)
),

-- The address that an order had when an operator changed it.
addresses_before as (
    select
        actions.action_id,
        order_versions.address
    from actions
    inner join order_versions
        on
            actions.order_id = order_versions.order_id
            and actions.occurred_at > order_versions.updated_at
    where actions.kind = 'change_address'
    qualify row_number() over (
        partition by actions.action_id
        order by order_versions.updated_at desc, order_versions.is_current desc, order_versions.content_hash desc nulls last
    ) = 1
),

by_orders as (
    select
        actions.action_id,
        order_versions.updated_at as confirmed_at
    from actions
    inner join order_versions
        on
            actions.order_id = order_versions.order_id
            and actions.occurred_at <= order_versions.updated_at
    left join addresses_before on actions.action_id = addresses_before.action_id
    where
        case actions.kind
            when 'hold' then order_versions.is_held_back
            when 'release' then not order_versions.is_held_back
            when 'cancel' then order_versions.is_cancelled
            when 'cancel_line' then order_versions.is_cancelled
            when 'change_promise' then order_versions.promised_at = actions.promised_at
            when 'change_address' then order_versions.address <> addresses_before.address
        end
),

by_lines as (
    select
        actions.action_id,
        order_lines.updated_at as confirmed_at
    from actions
    inner join order_lines
        on
            actions.order_id = order_lines.order_id
            and actions.line_id = order_lines.line_id
            and actions.occurred_at <= order_lines.updated_at
    where
        case actions.kind
            when 'cancel_line' then order_lines.cancelled_quantity >= actions.cancelled_units
            when 'route' then order_lines.warehouse_id = actions.warehouse_id
        end
),

by_shipments as (
    select
        actions.action_id,
        shipment_lines.shipped_at as confirmed_at
    from actions
    inner join shipment_lines
        on
            actions.order_id = shipment_lines.order_id
            and actions.occurred_at <= shipment_lines.shipped_at
    where
        case actions.kind
            when 'confirm' then true
            when 'route'
                then
                    shipment_lines.line_id = actions.line_id
                    and shipment_lines.warehouse_id = actions.warehouse_id
        end
),

by_returns as (
    select
        actions.action_id,
        return_lines.occurred_at as confirmed_at
    from actions
    inner join return_lines
        on
            actions.order_id = return_lines.order_id
            and actions.occurred_at <= return_lines.occurred_at
    where
        case actions.kind
            when 'approve_return' then return_lines.status in ('approved', 'received', 'restocked', 'scrapped')
            when 'decline_return' then return_lines.status in ('declined', 'cancelled')
        end
),

-- A source may also send the same action itself.
by_actions as (
    select
        actions.action_id,
        shown.occurred_at as confirmed_at
    from actions
    inner join shown
        on
            actions.order_id = shown.order_id
            and actions.kind = shown.kind
            and coalesce(actions.line_id, '') = coalesce(shown.line_id, '')
            and actions.source <> shown.source
            and actions.occurred_at <= shown.occurred_at
    where actions.kind not in ('approve', 'decline', 'note', 'tag')
),

confirming as (
    {% for found in ['by_orders', 'by_lines', 'by_shipments', 'by_returns', 'by_actions'] -%}
    select * from {{ found }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        confirming.action_id,
        min(confirming.confirmed_at) as confirmed_at
    from confirming
    group by confirming.action_id
)

select * from final
