-- The columns of published tables that messages are made of, with the values of an order that was placed an hour ago.
create schema marts; create schema ops;
create table marts.dim_products (sku varchar, name varchar);
insert into marts.dim_products values ('K', 'Kettle & "lid" <steel>'), ('T', 'Tea, 200 g');
create table marts.dim_customers (
    customer_key varchar, email_token varchar, language varchar, has_marketing_consent boolean, country varchar default 'DE'
);
create table marts.fct_campaign_members (
    campaign_id varchar, customer_key varchar, arm varchar default 'treated', title varchar default 'Spring sale',
    offer varchar default 'SPRING10', purpose varchar default 'newsletter', channel varchar default 'email',
    template varchar default 'campaign', assigned_at timestamp default timestamp '2026-03-31 09:30:00'
);
create table marts.fct_suppressions (recipient varchar, purpose varchar, is_suppressed boolean, occurred_at timestamp);
create table marts.fct_feedback (order_id varchar);
create table ops.orders (
    order_id varchar, tracking_id varchar, customer_key varchar, customer_token varchar, ship_country varchar default 'DE',
    order_status varchar default 'confirmed', return_status varchar default 'none', currency varchar default 'EUR',
    legal_entity varchar, tax_amount decimal(18, 4) default 9.57, shipping_tax_amount decimal(18, 4) default 0,
    due_amount decimal(18, 4) default 59.91, ordered_quantity bigint default 1, cancelled_quantity bigint default 0,
    open_quantity bigint default 1, backordered_quantity bigint default 0, is_late boolean default false,
    has_delivery_problem boolean default false, placed_at timestamp default timestamp '2026-03-31 09:00:00',
    cancelled_at timestamp, delivered_at timestamp, late_at timestamp,
    current_promised_at timestamp default timestamp '2026-04-02 22:00:00'
);
create table ops.order_lines (
    order_id varchar, line_id varchar, sku varchar default 'K', ordered_quantity bigint default 1,
    cancelled_quantity bigint default 0, backordered_quantity bigint default 0, cancelled_at timestamp
);
create table marts.fct_shipments (
    shipment_id varchar, order_id varchar, carrier varchar default 'dhl', tracking_number varchar default '00340',
    outcome varchar default 'on_the_way', latest_scan_status varchar default 'in_transit', is_orphan boolean default false,
    shipped_at timestamp, estimated_delivery_at timestamp, delivered_at timestamp, last_scan_at timestamp
);
create table ops.returns (
    return_id varchar, order_id varchar, line_id varchar, sku varchar default 'K', received_quantity bigint default 1,
    received_at timestamp, cancelled_at timestamp, is_credit_note boolean default false
);
create table ops.payments (
    payment_id varchar, order_id varchar, kind varchar, amount decimal(18, 4), currency varchar, method varchar,
    occurred_at timestamp, is_orphan boolean default false
);
create table ops.exceptions (order_id varchar, code varchar, opened_at timestamp, resolved_at timestamp);
create table ops.actions (
    action_id varchar, order_id varchar, subject_kind varchar default 'order', kind varchar default 'hold', occurred_at timestamp,
    line_id varchar, quantity bigint, warehouse_id varchar, promised_at timestamp, assignee varchar, actor varchar default 'tom',
    role varchar default 'operator', reason_token varchar, payload_token varchar, source varchar default 'operators',
    order_source varchar default 'shop', is_accepted boolean default true, is_sent_back boolean default true,
    is_confirmable boolean default true, tells_customer boolean default true, confirmed_at timestamp
);
