-- One row per order of the temporary table `chosen`: the tokens of the second proof, and a JSON document without personal
-- data. Instants are ISO 8601 in UTC; amounts are text.

with products as (
    select sku, any_value(name) as name, any_value(category) as category
    from marts.dim_products
    group by sku
),

lines as (
    select
        order_lines.order_id,
        list(struct_pack(
            line := order_lines.line_id,
            name := coalesce(products.name, order_lines.sku),
            category := products.category,
            ordered := order_lines.ordered_quantity,
            cancelled := order_lines.cancelled_quantity,
            shipped := order_lines.shipped_quantity,
            delivered := order_lines.delivered_quantity,
            returned := order_lines.returned_quantity,
            open := order_lines.open_quantity,
            backordered := order_lines.backordered_quantity,
            requires_shipping := order_lines.requires_shipping,
            is_returnable := order_lines.requires_shipping and not order_lines.is_gift_card,
            promised_at := instant(order_lines.current_promised_at),
            promise_is_date_only := order_lines.promise_is_date_only,
            delivered_at := instant(order_lines.delivered_at)
        ) order by try_cast(order_lines.line_id as bigint) nulls last, order_lines.line_id) as found
    from ops.order_lines
    left join products on order_lines.sku = products.sku
    where order_lines.order_id in (select order_id from chosen)
    group by order_lines.order_id
),

-- The order is stuck `stuck_at - stale_since` after the last sign of its quietest parcel; each parcel is judged alike.
open_parcels as (
    select
        shipments.*,
        shipments.outcome = 'on_the_way' as is_open,
        greatest(shipments.last_scan_at, shipments.shipped_at) as heard_at,
        min(greatest(shipments.last_scan_at, shipments.shipped_at)) filter (where shipments.outcome = 'on_the_way')
            over (partition by shipments.order_id) as stale_since
    from marts.fct_shipments as shipments
    where not shipments.is_orphan and shipments.order_id in (select order_id from chosen)
),

parcels as (
    select
        open_parcels.order_id,
        list(struct_pack(
            parcel := open_parcels.shipment_id,
            carrier := open_parcels.carrier,
            service := open_parcels.service,
            tracking_number := open_parcels.tracking_number,
            status := coalesce(open_parcels.delivery_status, 'label_created'),
            outcome := open_parcels.outcome,
            has_problem := coalesce(open_parcels.has_delivery_problem, false),
            is_silent := coalesce(
                open_parcels.is_open and chosen.is_stuck
                and clock.as_of > open_parcels.heard_at + (chosen.stuck_at - open_parcels.stale_since), false
            ),
            shipped_at := instant(open_parcels.shipped_at),
            estimated_delivery_at := instant(open_parcels.estimated_delivery_at),
            delivered_at := instant(open_parcels.delivered_at),
            last_scan_at := instant(open_parcels.last_scan_at),
            heard_at := instant(open_parcels.heard_at)
        ) order by open_parcels.shipped_at, open_parcels.shipment_id) as found
    from open_parcels
    inner join chosen on open_parcels.order_id = chosen.order_id
    cross join marts.as_of as clock
    group by open_parcels.order_id
),

-- Details of scans are left out: carriers write names into them.
events as (
    select
        timeline.order_id,
        list(struct_pack(parcel := timeline.reference, status := timeline.event, at := instant(timeline.occurred_at))
            order by timeline.occurred_at desc, timeline.event_number desc)
            filter (where timeline.feed = 'tracking') as scans,
        list(struct_pack(parcel := timeline.reference, line := timeline.line_id, quantity := timeline.quantity)
            order by timeline.line_id)
            filter (where timeline.feed = 'shipments' and timeline.line_id is not null) as contents
    from (
        -- An event that moves several axes has a row for each.
        select distinct on (order_id, feed, event, reference, line_id, occurred_at) *
        from ops.order_timeline
        where feed in ('tracking', 'shipments') and order_id in (select order_id from chosen)
        order by order_id, feed, event, reference, line_id, occurred_at, event_number
    ) as timeline
    group by timeline.order_id
),

given_back as (
    select
        returns.order_id,
        list(struct_pack(
            line := returns.line_id,
            status := returns.return_status,
            asked := greatest(
                coalesce(returns.requested_quantity, 0), coalesce(returns.approved_quantity, 0),
                coalesce(returns.declined_quantity, 0), coalesce(returns.returned_quantity, 0)
            ),
            is_cancelled := returns.cancelled_at is not null,
            opened_at := instant(returns.opened_at),
            last_event_at := instant(returns.last_event_at)
        ) order by returns.opened_at, returns.return_id, returns.line_id) as found
    from ops.returns
    where not returns.is_credit_note and returns.order_id in (select order_id from chosen)
    group by returns.order_id
),

refunds as (
    select
        payments.order_id,
        list(struct_pack(
            amount := payments.amount::varchar, currency := payments.currency, at := instant(payments.occurred_at)
        ) order by payments.occurred_at, payments.payment_id) as found
    from ops.payments
    where payments.kind = 'refunded' and payments.order_id in (select order_id from chosen)
    group by payments.order_id
),

requests as (
    select
        actions.order_id,
        list(struct_pack(
            action_id := actions.action_id, kind := actions.kind, line := actions.line_id,
            quantity := actions.quantity, is_accepted := actions.is_accepted, at := instant(actions.occurred_at),
            by_customer := actions.actor = 'customer'
        ) order by actions.occurred_at, actions.action_id) as found
    from ops.actions
    where
        actions.order_id in (select order_id from chosen)
        and (
            actions.actor = 'customer'
            or actions.kind in (
                'approve_return', 'decline_return', 'approve', 'decline', 'change_address', 'change_promise'
            )
        )
    group by actions.order_id
)

select
    chosen.tracking_id,
    chosen.order_id,
    chosen.customer_token as email_token,
    case
        when chosen.ship_postcode is not null
            then sha256($outer || unhex(sha256($inner || encode(
                'postcode:' || lower(regexp_replace(chosen.ship_postcode, '[^0-9A-Za-z]', '', 'g'))
            ))))[:32]
    end as postcode_token,
    to_json(struct_pack(
        order_id := chosen.order_id,
        country := chosen.ship_country,
        stage := chosen.stage,
        order_status := chosen.order_status,
        return_status := chosen.return_status,
        currency := chosen.currency,
        refunded_amount := chosen.refunded_amount::varchar,
        ordered := chosen.ordered_quantity,
        cancelled := chosen.cancelled_quantity,
        shipped := chosen.shipped_quantity,
        delivered := chosen.delivered_quantity,
        returned := chosen.returned_quantity,
        open := chosen.open_quantity,
        is_late := chosen.is_late,
        is_on_hold := chosen.is_on_hold,
        is_stuck := chosen.is_stuck,
        has_delivery_problem := coalesce(chosen.has_delivery_problem, false),
        is_shipment_tracked := chosen.is_shipment_tracked,
        is_delivery_tracked := chosen.is_delivery_tracked,
        promise_is_date_only := coalesce(chosen.promise_is_date_only, false),
        placed_at := instant(chosen.placed_at),
        confirmed_at := instant(chosen.confirmed_at),
        first_shipped_at := instant(chosen.first_shipped_at),
        last_shipped_at := instant(chosen.last_shipped_at),
        delivered_at := instant(chosen.delivered_at),
        cancelled_at := instant(chosen.cancelled_at),
        first_promised_at := instant(chosen.first_promised_at),
        current_promised_at := instant(chosen.current_promised_at),
        lines := coalesce(lines.found, []),
        parcels := coalesce(parcels.found, []),
        scans := coalesce(events.scans, []),
        contents := coalesce(events.contents, []),
        returns := coalesce(given_back.found, []),
        refunds := coalesce(refunds.found, []),
        requests := coalesce(requests.found, [])
    ))::varchar as document
from chosen
left join lines on chosen.order_id = lines.order_id
left join parcels on chosen.order_id = parcels.order_id
left join events on chosen.order_id = events.order_id
left join given_back on chosen.order_id = given_back.order_id
left join refunds on chosen.order_id = refunds.order_id
left join requests on chosen.order_id = requests.order_id
order by chosen.tracking_id
