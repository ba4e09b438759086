-- The columns of published tables that the portal reads, with the values of an order that was just placed.
create schema marts; create schema ops; create schema quality;
create table marts.as_of (as_of timestamp, business_date date);
insert into marts.as_of values (timestamp '2026-03-31 10:00:00', date '2026-03-31');
create table marts.dim_products (sku varchar, name varchar, category varchar);
insert into marts.dim_products values
    ('K', 'Kettle & "lid" <steel>', 'home'), ('T', 'Tea, 200 g', 'grocery'), ('L', 'Lamp', 'home');
create table ops.orders (
    order_id varchar, tracking_id varchar, customer_id varchar, customer_token varchar, ship_postcode varchar, ship_country varchar,
    channel varchar default 'web', source varchar default 'shop', stage varchar default 'placed',
    order_status varchar default 'confirmed', return_status varchar default 'none', currency varchar default 'EUR',
    refunded_amount decimal(18, 4) default 0, due_amount decimal(18, 4) default 10,
    ordered_quantity bigint default 1, cancelled_quantity bigint default 0, shipped_quantity bigint default 0,
    delivered_quantity bigint default 0, returned_quantity bigint default 0, open_quantity bigint default 1,
    is_late boolean default false, is_on_hold boolean default false, is_stuck boolean default false,
    has_delivery_problem boolean default false, is_shipment_tracked boolean default true,
    is_delivery_tracked boolean default true, promise_is_date_only boolean default true,
    placed_at timestamp default timestamp '2026-03-20 08:00:00', confirmed_at timestamp default timestamp '2026-03-20 08:05:00',
    first_shipped_at timestamp, last_shipped_at timestamp, delivered_at timestamp, cancelled_at timestamp,
    first_promised_at timestamp default timestamp '2026-04-01 22:00:00',
    current_promised_at timestamp default timestamp '2026-04-01 22:00:00', stuck_at timestamp
);
create table ops.order_lines (
    order_id varchar, line_id varchar, sku varchar, ordered_quantity bigint, cancelled_quantity bigint default 0,
    shipped_quantity bigint default 0, delivered_quantity bigint default 0, returned_quantity bigint default 0,
    open_quantity bigint default 0, backordered_quantity bigint default 0, requires_shipping boolean default true,
    is_gift_card boolean default false, current_promised_at timestamp, promise_is_date_only boolean default false,
    delivered_at timestamp
);
create table marts.fct_shipments (
    shipment_id varchar, order_id varchar, carrier varchar default 'dhl', service varchar default 'standard',
    tracking_number varchar default '00340', delivery_status varchar default 'in_transit',
    outcome varchar default 'on_the_way', has_delivery_problem boolean default false, is_orphan boolean default false,
    shipped_at timestamp, estimated_delivery_at timestamp, delivered_at timestamp, last_scan_at timestamp
);
create table ops.order_timeline (
    order_id varchar, occurred_at timestamp, event_number bigint, feed varchar, event varchar, reference varchar,
    line_id varchar, quantity bigint, detail varchar default 'left with Erika Mustermann'
);
create table ops.returns (
    return_id varchar, order_id varchar, line_id varchar, return_status varchar default 'requested',
    requested_quantity bigint default 0, approved_quantity bigint default 0, declined_quantity bigint default 0,
    returned_quantity bigint default 0, opened_at timestamp, last_event_at timestamp, cancelled_at timestamp,
    is_credit_note boolean default false
);
create table ops.payments (
    payment_id varchar, order_id varchar, kind varchar, amount decimal(18, 4), currency varchar, occurred_at timestamp
);
create table ops.shipments as select shipment_id, order_id, shipped_at from marts.fct_shipments;
create table ops.exceptions (
    order_id varchar, code varchar, opened_at timestamp, amount_at_stake_reporting decimal(18, 4)
);
create table ops.actions (
    action_id varchar, order_id varchar, kind varchar, actor varchar, line_id varchar, quantity bigint,
    is_accepted boolean default true, occurred_at timestamp
);

-- Three of five items shipped, in Germany; the rest waits for stock.
insert into ops.orders by name select
    'PART' as order_id, 'PARTSHIPPED1' as tracking_id, 'C-1' as customer_id, $email as customer_token, '10115' as ship_postcode, 'DE' as ship_country,
    'part_shipped' as stage, 5 as ordered_quantity, 3 as shipped_quantity, 2 as open_quantity,
    timestamp '2026-03-25 09:00:00' as first_shipped_at, timestamp '2026-03-25 09:00:00' as last_shipped_at;
insert into ops.order_lines by name select * from (values ('PART', '1', 'K', 3, 3, 0, 0, null), ('PART', '2', 'T', 2, 0, 2, 2, timestamp '2026-04-05 22:00:00'))
    as t(order_id, line_id, sku, ordered_quantity, shipped_quantity, open_quantity, backordered_quantity, current_promised_at);
insert into marts.fct_shipments by name select 'S1' as shipment_id, 'PART' as order_id, timestamp '2026-03-25 09:00:00' as shipped_at,
    timestamp '2026-04-01 16:00:00' as estimated_delivery_at, timestamp '2026-03-30 05:30:00' as last_scan_at;
insert into ops.order_timeline by name select * from (values
    ('PART', timestamp '2026-03-25 09:00:00', 3, 'shipments', 'shipped', 'S1', '1', 3),
    ('PART', timestamp '2026-03-25 09:00:00', 4, 'shipments', 'shipped', 'S1', '1', 3),
    ('PART', timestamp '2026-03-30 05:30:00', 5, 'tracking', 'in_transit', 'S1', null, null))
    as t(order_id, occurred_at, event_number, feed, event, reference, line_id, quantity);

-- Not dispatched, in Brazil.
insert into ops.orders by name select
    'OPEN' as order_id, 'OPENORDER123' as tracking_id, 'C-1' as customer_id, $email as customer_token, '01310-100' as ship_postcode, 'BR' as ship_country,
    'ready_to_ship' as stage, 'BRL' as currency;
insert into ops.order_lines by name select 'OPEN' as order_id, '1' as line_id, 'L' as sku, 1 as ordered_quantity, 1 as open_quantity;

-- Delivered in India; one of three kettles has come back and was refunded.
insert into ops.orders by name select
    'DONE' as order_id, 'DELIVERED123' as tracking_id, 'C-2' as customer_id, null as customer_token, '110001' as ship_postcode, 'IN' as ship_country,
    'closed' as stage, 'closed' as order_status, 'part_returned' as return_status, 'INR' as currency, 1234567.5 as refunded_amount,
    5 as ordered_quantity, 5 as shipped_quantity, 5 as delivered_quantity, 1 as returned_quantity, 0 as open_quantity,
    timestamp '2026-03-21 09:00:00' as first_shipped_at, timestamp '2026-03-21 09:00:00' as last_shipped_at,
    timestamp '2026-03-24 09:00:00' as delivered_at;
insert into ops.order_lines by name select * from (values
    ('DONE', '1', 'K', 3, 3, 3, 1, timestamp '2026-03-24 09:00:00', false), ('DONE', '2', 'T', 1, 1, 1, 0, timestamp '2026-03-24 09:00:00', false),
    ('DONE', '3', 'L', 1, 1, 1, 0, timestamp '2026-03-24 09:00:00', true))
    as t(order_id, line_id, sku, ordered_quantity, shipped_quantity, delivered_quantity, returned_quantity, delivered_at, is_gift_card);
insert into marts.fct_shipments by name select 'S2' as shipment_id, 'DONE' as order_id, timestamp '2026-03-21 09:00:00' as shipped_at,
    'delivered' as delivery_status, 'delivered' as outcome, timestamp '2026-03-24 09:00:00' as delivered_at, timestamp '2026-03-24 09:00:00' as last_scan_at;
insert into ops.returns by name select 'R1' as return_id, 'DONE' as order_id, '1' as line_id, 'restocked' as return_status,
    1 as requested_quantity, 1 as approved_quantity, 1 as returned_quantity,
    timestamp '2026-03-25 09:00:00' as opened_at, timestamp '2026-03-28 09:00:00' as last_event_at;
insert into ops.payments values ('P1', 'DONE', 'refunded', 1234567.5, 'INR', timestamp '2026-03-29 09:00:00'),
    ('P0', 'DONE', 'captured', 2000000, 'INR', timestamp '2026-03-20 09:00:00');

-- Late and silent, in the United States.
insert into ops.orders by name select
    'LATE' as order_id, 'LATEANDSTUCK' as tracking_id, 'C-3' as customer_id, 'US' as ship_country, 'late' as stage, 2 as ordered_quantity,
    2 as shipped_quantity, 0 as open_quantity, true as is_late, true as is_stuck,
    timestamp '2026-03-10 09:00:00' as first_shipped_at, timestamp '2026-03-10 09:00:00' as last_shipped_at,
    timestamp '2026-03-14 23:00:00' as first_promised_at, timestamp '2026-03-14 23:00:00' as current_promised_at, timestamp '2026-03-18 06:00:00' as stuck_at;
insert into ops.order_lines by name select 'LATE' as order_id, '1' as line_id, 'K' as sku, 2 as ordered_quantity, 2 as shipped_quantity;
insert into marts.fct_shipments by name select * from (values
    ('S3', 'LATE', timestamp '2026-03-10 09:00:00', timestamp '2026-03-11 06:00:00', timestamp '2026-03-13 12:00:00'),
    ('S4', 'LATE', timestamp '2026-03-10 09:00:00', timestamp '2026-03-30 06:00:00', timestamp '2026-04-02 12:00:00'))
    as t(shipment_id, order_id, shipped_at, last_scan_at, estimated_delivery_at);

-- Cancelled, in Britain; and on hold.
insert into ops.orders by name select
    'GONE' as order_id, 'CANCELLED123' as tracking_id, 'C-4' as customer_id, $email as customer_token, 'SW1A 1AA' as ship_postcode, 'GB' as ship_country,
    'cancelled' as stage, 'cancelled' as order_status, 1 as cancelled_quantity, 0 as open_quantity, timestamp '2026-03-22 09:00:00' as cancelled_at;
insert into ops.order_lines by name select 'GONE' as order_id, '1' as line_id, 'K' as sku, 1 as ordered_quantity, 1 as cancelled_quantity;
insert into ops.orders by name select
    'HELD' as order_id, 'HELDFORNOW12' as tracking_id, 'C-4' as customer_id, $email as customer_token, 'AT' as ship_country, 'on_hold' as stage,
    'on_hold' as order_status, true as is_on_hold;
insert into ops.order_lines by name select 'HELD' as order_id, '1' as line_id, 'K' as sku, 1 as ordered_quantity, 1 as open_quantity;
