-- A small published warehouse with the columns of the real models and plausible rows, the same on every run.
-- Variables: orders (how many), currency (of the reports). Clock: 2026-03-31 10:00 UTC.
create schema marts; create schema ops; create schema quality;
create macro u(i, salt) as (hash(i * 7919 + salt * 104729 + 17) % 100000) / 100000.0;
create macro pick(words, x) as words[1 + floor(x * len(words))::integer];

create table marts.as_of as
select timestamp '2026-03-31 10:00:00' as as_of, date '2026-03-31' as business_date, 'Europe/Berlin' as business_time_zone,
    getvariable('currency') as reporting_currency, 12::bigint as batch_id;

create table marts.dim_products as
select 'SKU-' || lpad(i::varchar, 3, '0') as sku,
    pick(['Linen shirt', 'Walking boot', 'Desk lamp', 'Oak shelf', 'Tea kettle', 'Rain coat', 'Wool scarf', 'Travel mug'], u(i, 1)) || ' ' || i as name,
    pick(['apparel', 'home', 'kitchen', 'outdoor'], u(i, 2)) as category, pick(['Norr', 'Alba', 'Kite'], u(i, 3)) as brand,
    'goods' as kind, (4 + 40 * u(i, 4))::decimal(18, 4) as unit_cost_amount, getvariable('currency') as currency,
    (3 + 20 * u(i, 5))::bigint as lead_time_days, 6::bigint as pack_size, 12::bigint as minimum_order_quantity, pick(['Lisboa Mills', 'Kansai Trading', 'Baltic Goods'], u(i, 6)) as supplier,
    true as is_active, timestamp '2025-10-02 08:00:00' as first_sold_at
from range(1, 61) t(i);

create temp table seeds as
select i, 'O-' || lpad(i::varchar, 7, '0') as order_id,
    timestamp '2026-03-31 10:00:00' - to_seconds((180 * 86400 * (1 - i / getvariable('orders')::double) + 40000 * u(i, 1))::bigint) as placed_at,
    1 - i / getvariable('orders')::double as age, u(i, 2) as fate, u(i, 3) as trouble,
    1 + floor(pow(u(i, 4), 2) * getvariable('orders') / 3)::bigint as customer_number, 1 + floor(u(i, 5) * 3)::bigint as lines,
    pick(['web', 'web', 'app', 'store', 'marketplace'], u(i, 6)) as channel, pick(['DE', 'DE', 'DE', 'FR', 'NL', 'GB', 'SE'], u(i, 7)) as country
from range(1, getvariable('orders') + 1) t(i);

create temp table staged as
select seeds.*, case country when 'GB' then 'GBP' when 'SE' then 'SEK' else 'EUR' end as currency,
    case when channel = 'store' then 'till' when channel = 'marketplace' then 'marketplace' else 'web_shop' end as source,
    case when fate < 0.04 then 'cancelled' when age > 0.08 and fate < 0.09 then 'returned' when fate < 0.10 then 'on_hold'
        when age > 0.08 and trouble < 0.012 then 'late' when age > 0.08 then 'closed' when age > 0.05 then 'delivered'
        when trouble < 0.05 then 'delivery_problem' when trouble < 0.10 then 'late' when trouble < 0.16 then 'awaiting_payment'
        when age > 0.02 and fate < 0.8 then 'in_transit' when trouble < 0.22 then 'part_shipped' when trouble < 0.32 then 'awaiting_stock'
        when trouble < 0.9 then 'ready_to_ship' else 'placed' end as stage
from seeds;

create table marts.fct_order_lines as
with base as (
    select staged.*, line, 1 + floor(u(i * 10 + line, 11) * 3)::bigint as quantity,
        'SKU-' || lpad((1 + floor(pow(u(i * 10 + line, 12), 2) * 60))::bigint::varchar, 3, '0') as sku,
        round(8 + 90 * u(i * 10 + line, 13), 2)::decimal(18, 4) as price, u(i * 10 + line, 14) < 0.25 as has_discount
    from staged, unnest(range(1, lines + 1)) t(line)
), money as (
    select *, (quantity * price)::decimal(18, 4) as gross,
        (case when has_discount then round(quantity * price * 0.1, 2) else 0 end)::decimal(18, 4) as discount from base
)
select order_id, line::varchar as line_id, sku, case when u(i, 15) < 0.6 then 'berlin' else 'lyon' end as warehouse_id, null::varchar as seller_id,
    source, channel, currency, quantity as ordered_quantity,
    case when stage in ('closed', 'delivered', 'returned', 'in_transit', 'late', 'delivery_problem') then quantity when stage = 'part_shipped' and line = 1 then quantity else 0 end::bigint as shipped_quantity,
    0::bigint as lost_quantity, 0::bigint as carrier_returned_quantity,
    case when stage in ('closed', 'delivered', 'returned') then quantity else 0 end::bigint as delivered_quantity,
    case when stage = 'returned' then quantity else 0 end::bigint as returned_quantity,
    case when stage = 'cancelled' then quantity else 0 end::bigint as cancelled_quantity,
    (ordered_quantity - shipped_quantity - cancelled_quantity)::bigint as open_quantity,
    case when stage = 'on_hold' then open_quantity else 0 end::bigint as held_quantity,
    case when stage in ('on_hold', 'awaiting_stock') or source = 'marketplace' then 0 else open_quantity end::bigint as allocated_quantity,
    case when stage = 'awaiting_stock' and source <> 'marketplace' then open_quantity else 0 end::bigint as backordered_quantity,
    (open_quantity - held_quantity - allocated_quantity - backordered_quantity)::bigint as not_tracked_quantity,
    price as unit_price_amount, gross as ordered_gross_amount, discount as ordered_discount_amount, (gross - discount)::decimal(18, 4) as ordered_net_amount,
    round((gross - discount) * 0.19, 2)::decimal(18, 4) as ordered_tax_amount,
    case when stage = 'cancelled' then 0 else gross end::decimal(18, 4) as gross_amount, case when stage = 'cancelled' then 0 else discount end::decimal(18, 4) as discount_amount,
    case when stage = 'cancelled' then 0 else gross - discount end::decimal(18, 4) as net_amount,
    case when stage = 'cancelled' then 0 else round((gross - discount) * 0.19, 2) end::decimal(18, 4) as tax_amount,
    false as is_gift_card, true as requires_shipping, false as is_service, false as is_over_shipped, source <> 'marketplace' as is_stock_tracked,
    placed_at::date as placed_date, placed_at, placed_at + interval 5 day as first_promise_ends_at, case when shipped_quantity > 0 then placed_at + interval 20 hour end as first_shipped_at,
    case when shipped_quantity > 0 then placed_at + interval 20 hour end as last_shipped_at,
    case when delivered_quantity > 0 then placed_at + to_hours((40 + 90 * u(i, 16))::integer) end as delivered_at,
    md5('orders') as _file_id, i::bigint as _record, source as _source, 12::bigint as _batch_id
from money;

create table marts.fct_orders as
with lines as (
    select order_id, count(*)::bigint as lines_count, sum(ordered_quantity)::bigint as ordered_quantity, sum(cancelled_quantity)::bigint as cancelled_quantity,
        sum(shipped_quantity)::bigint as shipped_quantity, sum(delivered_quantity)::bigint as delivered_quantity, sum(returned_quantity)::bigint as returned_quantity,
        sum(open_quantity)::bigint as open_quantity, sum(held_quantity)::bigint as held_quantity, sum(allocated_quantity)::bigint as allocated_quantity,
        sum(backordered_quantity)::bigint as backordered_quantity, sum(ordered_gross_amount)::decimal(18, 4) as ordered_gross_amount,
        sum(ordered_discount_amount)::decimal(18, 4) as ordered_discount_amount, sum(ordered_net_amount)::decimal(18, 4) as ordered_net_amount,
        sum(ordered_tax_amount)::decimal(18, 4) as ordered_tax_amount, sum(gross_amount)::decimal(18, 4) as gross_amount, sum(discount_amount)::decimal(18, 4) as discount_amount,
        sum(net_amount)::decimal(18, 4) as net_amount, sum(tax_amount)::decimal(18, 4) as tax_amount, min(first_shipped_at) as first_shipped_at, max(delivered_at) as delivered_at
    from marts.fct_order_lines group by order_id
), priced as (
    select staged.*, lines.* exclude (order_id), case when stage = 'cancelled' then 0 else 4.9 end::decimal(18, 4) as shipping_amount,
        case currency when 'GBP' then 1.17 when 'SEK' then 0.09 else 1 end::decimal(18, 8) as rate
    from staged join lines using (order_id)
)
select order_id, upper(substr(md5(order_id), 1, 12)) as tracking_id, source, channel, 'sale' as order_type, null::varchar as original_order_id, null::varchar as legal_entity,
    'C-' || customer_number as customer_id, 'c:C-' || customer_number as customer_key, sha256('mail' || customer_number) as customer_token, currency,
    pick(['Berlin', 'Hamburg', 'Lyon', 'Utrecht', 'Leeds', 'Malmo'], u(i, 20)) as ship_city, null::varchar as ship_region, '10115' as ship_postcode, country as ship_country,
    case when ordered_discount_amount > 0 then 'SPRING10' end as discount_code, 'prepaid' as payment_terms, case when stage = 'cancelled' then 'customer' end as cancel_reason,
    case when stage = 'cancelled' then 'cancelled' when stage = 'on_hold' then 'on_hold' when stage in ('closed', 'returned') then 'closed' when stage in ('placed', 'awaiting_payment') then 'placed' else 'confirmed' end as order_status,
    case when source = 'marketplace' then 'not_tracked' when stage = 'cancelled' then 'voided' when stage = 'returned' then 'refunded' when stage in ('awaiting_payment', 'placed') then 'none' when trouble > 0.99 then 'disputed' else 'paid' end as payment_status,
    case when stage = 'cancelled' then 'nothing_to_fulfil' when stage in ('closed', 'delivered', 'returned') then 'delivered' when stage in ('in_transit', 'late', 'delivery_problem') then 'shipped' when stage = 'part_shipped' then 'part_shipped' else 'unfulfilled' end as fulfilment_status,
    case when source = 'till' then 'not_tracked' when stage in ('closed', 'delivered', 'returned') then 'delivered' when shipped_quantity = 0 then null when stage = 'in_transit' then 'in_transit' else 'out_for_delivery' end as delivery_status,
    case when stage = 'returned' then 'returned' else 'none' end as return_status, stage,
    lines_count, ordered_quantity, cancelled_quantity, shipped_quantity, delivered_quantity, returned_quantity, open_quantity, held_quantity, allocated_quantity, backordered_quantity,
    ordered_gross_amount, ordered_discount_amount, ordered_net_amount, ordered_tax_amount, gross_amount, discount_amount, net_amount, tax_amount, shipping_amount,
    0::decimal(18, 4) as shipping_tax_amount, 4.9::decimal(18, 4) as ordered_shipping_amount, (net_amount + tax_amount + shipping_amount)::decimal(18, 4) as due_amount,
    (ordered_net_amount + ordered_tax_amount + 4.9)::decimal(18, 4) as ordered_due_amount,
    case when payment_status in ('paid', 'refunded', 'disputed') then due_amount else 0 end::decimal(18, 4) as authorized_amount,
    case when payment_status in ('paid', 'refunded', 'disputed') then due_amount else 0 end::decimal(18, 4) as captured_amount,
    case when payment_status = 'refunded' then due_amount else 0 end::decimal(18, 4) as refunded_amount, case when stage = 'cancelled' then ordered_due_amount else 0 end::decimal(18, 4) as voided_amount,
    case when payment_status = 'disputed' then due_amount else 0 end::decimal(18, 4) as disputed_amount, round(captured_amount * 0.015, 2)::decimal(18, 4) as fee_amount,
    (due_amount - captured_amount + refunded_amount)::decimal(18, 4) as balance_amount,
    greatest(due_amount - captured_amount, 0)::decimal(18, 4) as owed_to_us_amount,
    greatest(captured_amount - refunded_amount - due_amount, 0)::decimal(18, 4) as owed_back_amount,
    order_id like '%3' and stage = 'in_transit' as is_stuck, stage = 'cancelled' as is_cancelled, stage in ('awaiting_payment', 'placed') as is_unpaid, stage = 'awaiting_stock' as is_backordered, stage = 'late' as is_late, order_id like '%7' and stage = 'closed' as was_late, stage in ('closed', 'returned', 'cancelled') as is_settled,
    source <> 'marketplace' as is_paid_tracked, source <> 'till' as is_shipment_tracked, true as is_return_tracked, source <> 'marketplace' as is_stock_tracked, stage = 'delivery_problem' as has_delivery_problem,
    placed_at::date as placed_date, placed_at, placed_at + interval 1 hour as confirmed_at, first_shipped_at, first_shipped_at as last_shipped_at, delivered_at as first_attempt_at, delivered_at,
    case when stage = 'cancelled' then placed_at + interval 5 hour end as cancelled_at, placed_at + interval 5 day as first_promised_at, first_promised_at as first_promise_ends_at, false as promise_is_date_only, placed_at + interval 6 day as current_promised_at,
    case when stage = 'in_transit' and order_id like '%1' then timestamp '2026-03-31 18:00:00' else placed_at + interval 6 day end as late_at, placed_at + interval 2 day as unpaid_at, placed_at + interval 12 day as stuck_at,
    (date_diff('second', placed_at, first_shipped_at) / 3600.0)::double as hours_to_ship, (date_diff('second', first_shipped_at, delivered_at) / 3600.0)::double as hours_in_transit,
    (date_diff('second', placed_at, delivered_at) / 3600.0)::double as hours_to_deliver,
    (net_amount * rate)::decimal(18, 4) as net_amount_reporting, (due_amount * rate)::decimal(18, 4) as due_amount_reporting,
    (owed_to_us_amount * rate)::decimal(18, 4) as owed_to_us_amount_reporting, (owed_back_amount * rate)::decimal(18, 4) as owed_back_amount_reporting,
    md5('orders') as _file_id, i::bigint as _record, source as _source, 12::bigint as _batch_id
from priced;

create table marts.fct_order_timeline as
with events as (
    select order_id, placed_at as occurred_at, 'orders' as feed, 'placed' as event, 'order' as axis, null::varchar as from_status, 'placed' as to_status, null::bigint as quantity, ordered_due_amount as amount, currency, _record, _source from marts.fct_orders
    union all select order_id, confirmed_at, 'payments', 'captured', 'payment', 'none', 'paid', null, captured_amount, currency, _record, 'psp' from marts.fct_orders where captured_amount > 0
    union all select order_id, first_shipped_at, 'shipments', 'shipped', 'fulfilment', 'unfulfilled', 'shipped', shipped_quantity, null, null, _record, 'wms' from marts.fct_orders where first_shipped_at is not null
    union all select order_id, delivered_at - interval 9 hour, 'tracking', 'out_for_delivery', 'delivery', 'in_transit', 'out_for_delivery', null, null, null, _record, 'carrier' from marts.fct_orders where delivered_at is not null
    union all select order_id, delivered_at, 'tracking', 'delivered', 'delivery', 'out_for_delivery', 'delivered', delivered_quantity, null, null, _record, 'carrier' from marts.fct_orders where delivered_at is not null
    union all select order_id, delivered_at + interval 9 day, 'returns', 'received', 'return', 'requested', 'returned', returned_quantity, null, null, _record, 'wms' from marts.fct_orders where returned_quantity > 0
    union all select order_id, cancelled_at, 'orders', 'cancelled', 'order', 'placed', 'cancelled', cancelled_quantity, null, null, _record, _source from marts.fct_orders where is_cancelled
)
select order_id, occurred_at, row_number() over (partition by order_id order by occurred_at, event)::bigint as event_number, feed, event, axis, from_status, to_status, true as is_legal, quantity, amount, currency,
    null::varchar as detail, null::varchar as actor, md5(feed) as _file_id, _record, _source, 12::bigint as _batch_id
from events;

create table marts.fct_exceptions as
with found as (
    select order_id, 'late' as code, 'high' as severity, late_at as opened_at, due_amount, currency, 'Promised day passed, not delivered' as detail, 'Call the carrier and tell the customer' as what_to_do, 'fulfilment' as owner, source from marts.fct_orders where stage = 'late'
    union all select order_id, 'delivery_failed', 'high', first_shipped_at + interval 2 day, due_amount, currency, 'The latest scan is a failed attempt', 'Agree a new delivery day', 'fulfilment', source from marts.fct_orders where stage = 'delivery_problem'
    union all select order_id, 'backordered', 'medium', placed_at, due_amount, currency, 'No stock for at least one line', 'Reorder or move stock', 'inventory', source from marts.fct_orders where is_backordered
    union all select order_id, 'unpaid', 'medium', unpaid_at, due_amount, currency, 'No payment after the term', 'Remind or cancel', 'finance', source from marts.fct_orders where stage = 'awaiting_payment'
    union all select 'X-' || i, 'orphan_payment', 'critical', timestamp '2026-03-29 09:00:00', 49.9, 'EUR', 'A payment of an order we do not have', 'Ask the provider for the order number', 'finance', 'psp' from range(1, 4) t(i)
), all_of_them as (
    select 'order' as subject_type, order_id as subject_id, order_id, null::varchar as sku, * exclude (order_id) from found
    union all select 'sku', sku, null, sku, 'negative_stock', 'low', timestamp '2026-03-30 08:00:00', null, null, 'On hand is below zero', 'Count the shelf', 'inventory', 'wms' from marts.dim_products where sku in ('SKU-007', 'SKU-031')
)
select md5(subject_id || code) as exception_id, subject_type, subject_id, order_id, sku, code, severity, opened_at, (date_diff('second', opened_at, timestamp '2026-03-31 10:00:00') / 3600.0)::double as age_hours,
    due_amount::decimal(18, 4) as amount_at_stake,
    (due_amount * case currency when 'GBP' then 1.17 when 'SEK' then 0.09 else 1 end)::decimal(18, 4) as amount_at_stake_reporting, currency, detail, what_to_do, owner, source
from all_of_them where opened_at <= timestamp '2026-03-31 10:00:00';

create table marts.fct_payment_ledger as
select 'P-' || order_id as payment_id, order_id, 'captured' as kind, pick(['card', 'paypal', 'invoice'], u(_record, 30)) as method, 'stripe' as provider, currency, captured_amount as amount, captured_amount as signed_amount,
    captured_amount as amount_order_currency, (captured_amount * case currency when 'GBP' then 1.17 when 'SEK' then 0.09 else 1 end)::decimal(18, 4) as amount_reporting, fee_amount, 'PO-' || (placed_date - date '2025-01-01') as payout_id,
    confirmed_at + interval 2 day as payout_at, null::varchar as parent_payment_id, null::varchar as return_id, false as is_orphan, confirmed_at::date as occurred_date, confirmed_at as occurred_at, 'psp' as source,
    md5('payments') as _file_id, _record, 'psp' as _source, 12::bigint as _batch_id
from marts.fct_orders where captured_amount > 0
union all
select 'R-' || order_id, order_id, 'refunded', 'card', 'stripe', currency, refunded_amount, -refunded_amount, refunded_amount, refunded_amount, 0, null, null, 'P-' || order_id, 'RET-' || order_id, false, (delivered_at + interval 10 day)::date, delivered_at + interval 10 day,
    'psp', md5('payments'), _record, 'psp', 12
from marts.fct_orders where refunded_amount > 0;

create table marts.fct_payout_reconciliation as
select payout_id, provider, currency, 'paid' as payout_status, 'exact' as break_type, count(*)::bigint as payments_count, sum(amount)::decimal(18, 4) as captured_amount, 0::decimal(18, 4) as refunded_amount, 0::decimal(18, 4) as disputed_amount, sum(fee_amount)::decimal(18, 4) as fees_amount,
    -1.25::decimal(18, 4) as adjustments_amount, 0::decimal(18, 4) as reserves_amount, -2::decimal(18, 4) as provider_fees_amount, 0::decimal(18, 4) as dispute_fees_amount, 0::decimal(18, 4) as transfers_amount, 0::decimal(18, 4) as failed_payouts_amount,
    0::decimal(18, 4) as unexplained_payments_amount, 0::decimal(18, 4) as unknown_movements_amount,
    (sum(amount) - sum(fee_amount) - 3.25)::decimal(18, 4) as payout_amount, (sum(amount) - sum(fee_amount) - 3.25)::decimal(18, 4) as stated_amount, 0::decimal(18, 4) as residual_amount, max(payout_at) as payout_at
from marts.fct_payment_ledger where payout_id is not null group by all;

create table marts.fct_payment_reconciliation as
with found as (
select order_id, source, currency, false as is_orphan, is_paid_tracked as is_tracked, ordered_due_amount, due_amount, captured_amount, refunded_amount, disputed_amount, fee_amount,
    (captured_amount - refunded_amount - due_amount)::decimal(18, 4) as difference_amount, (captured_amount - ordered_due_amount)::decimal(18, 4) as ordered_difference_amount,
    case when not is_paid_tracked then 'not_tracked' when stage = 'returned' then 'refunded' when captured_amount = due_amount then 'exact' else 'unpaid' end as break_type, 0::decimal(18, 4) as unexplained_amount,
    false as is_open, unpaid_at as opened_at, (date_diff('second', unpaid_at, timestamp '2026-03-31 10:00:00') / 3600.0)::double as age_hours, placed_date
from marts.fct_orders
union all
select 'X-' || i, 'psp', 'EUR', true, true, 0, 0, 49.9, 0, 0, 0, 49.9, 49.9, 'orphan_payment', 0, true, timestamp '2026-03-29 09:00:00', 49.0, null from range(1, 4) t(i) )
select found.*, (captured_amount - refunded_amount - disputed_amount)::decimal(18, 4) as cash_amount, (captured_amount - refunded_amount - disputed_amount - due_amount)::decimal(18, 4) as gap_amount,
    case when is_open then abs(difference_amount) else 0 end::decimal(18, 4) as open_amount,
    case when gap_kind = 'orphan_payment' then gap_amount else 0 end::decimal(18, 4) as orphan_payment_break_amount,
    case when gap_kind = 'not_tracked' then gap_amount else 0 end::decimal(18, 4) as not_tracked_break_amount,
    case when gap_kind = 'order_without_lines' then gap_amount else 0 end::decimal(18, 4) as order_without_lines_break_amount,
    case when gap_kind = 'missing_fx_rate' then gap_amount else 0 end::decimal(18, 4) as missing_fx_rate_break_amount,
    case when gap_kind = 'disputed' then gap_amount else 0 end::decimal(18, 4) as disputed_break_amount,
    case when gap_kind = 'cancelled_not_refunded' then gap_amount else 0 end::decimal(18, 4) as cancelled_not_refunded_break_amount,
    case when gap_kind = 'overpaid' then gap_amount else 0 end::decimal(18, 4) as overpaid_break_amount,
    case when gap_kind = 'received_not_refunded' then gap_amount else 0 end::decimal(18, 4) as received_not_refunded_break_amount,
    case when gap_kind = 'underpaid' then gap_amount else 0 end::decimal(18, 4) as underpaid_break_amount,
    case when gap_kind = 'unpaid' then gap_amount else 0 end::decimal(18, 4) as unpaid_break_amount,
    case when gap_kind = 'refunded' then gap_amount else 0 end::decimal(18, 4) as refunded_break_amount,
    case when gap_kind = 'returned' then gap_amount else 0 end::decimal(18, 4) as returned_break_amount,
    case when gap_kind = 'fx_difference' then gap_amount else 0 end::decimal(18, 4) as fx_difference_break_amount,
    case when gap_kind = 'within_tolerance' then gap_amount else 0 end::decimal(18, 4) as within_tolerance_break_amount
from found, lateral (select case when disputed_amount > 0 then 'disputed' when break_type = 'exact' then 'within_tolerance' else break_type end as gap_kind);

create table marts.fct_journal as
with sold as (
    select order_id, 'P-' || order_id as payment_id, placed_date as business_date, currency, due_amount as amount from marts.fct_orders where shipped_quantity > 0
), sides as (
    select 'sale:' || order_id as entry_id, 'sale' as entry_kind, order_id, null::varchar as payment_id, business_date, currency, account, case account when 'accounts_receivable' then amount else 0 end as debit, case account when 'sales' then amount else 0 end as credit
    from sold, (values ('accounts_receivable'), ('sales')) a(account)
    union all select 'captured:' || order_id, 'captured', order_id, payment_id, business_date, currency, account, case account when 'cash_in_transit' then amount else 0 end, case account when 'accounts_receivable' then amount else 0 end
    from sold, (values ('cash_in_transit'), ('accounts_receivable')) a(account)
)
select entry_id, entry_kind, account, order_id, null::varchar as return_id, payment_id, null::varchar as payout_id, null::varchar as sku, currency, debit::decimal(18, 4) as debit_amount, credit::decimal(18, 4) as credit_amount, business_date
from sides;

create table marts.fct_journal_bridge as
select business_date, currency, 'gross_sales' as measure, sum(credit_amount) as placed_amount, 5::decimal(18, 4) as timing_amount, -2::decimal(18, 4) as versions_amount, 0::decimal(18, 4) as parcels_amount, 0::decimal(18, 4) as rates_amount, 0.5::decimal(18, 4) as gift_cards_amount,
    (sum(credit_amount) + 3.5)::decimal(18, 4) as journal_amount, 0::decimal(18, 4) as unexplained_amount
from marts.fct_journal where account = 'sales' group by all;

create table marts.fct_revenue_daily as
with lines as (
    select fct_order_lines.*, fct_orders.ship_country, dim_products.category, fct_orders.shipping_amount / fct_orders.lines_count as shipping_part,
        case fct_orders.currency when 'GBP' then 1.17 when 'SEK' then 0.09 else 1 end as rate
    from marts.fct_order_lines join marts.fct_orders using (order_id) join marts.dim_products using (sku)
), clocks as (
    select placed_date as business_date, 'placed' as recognition_clock, * from lines where net_amount > 0
    union all select (placed_at + interval 1 hour)::date, 'paid', * from lines where net_amount > 0 and delivered_quantity > 0
    union all select first_shipped_at::date, 'shipped', * from lines where shipped_quantity > 0
    union all select delivered_at::date, 'delivered', * from lines where delivered_quantity > 0
), summed as (
    select business_date, recognition_clock, channel, ship_country as country, category, currency, count(*) filter (line_id = '1') as orders_count, sum(ordered_quantity)::bigint as units_quantity, 0::bigint as missing_rates_count, 0::bigint as missing_costs_count,
        sum(gross_amount)::decimal(18, 4) as gross_sales_amount, sum(discount_amount)::decimal(18, 4) as discounts_amount, sum(case when returned_quantity > 0 then net_amount else 0 end)::decimal(18, 4) as returns_amount,
        (gross_sales_amount - discounts_amount - returns_amount)::decimal(18, 4) as net_sales_amount, sum(tax_amount)::decimal(18, 4) as tax_amount, round(sum(shipping_part), 2)::decimal(18, 4) as shipping_amount,
        (net_sales_amount + sum(tax_amount) + round(sum(shipping_part), 2))::decimal(18, 4) as total_sales_amount, round(returns_amount * 1.19, 2)::decimal(18, 4) as refunds_amount, round(net_sales_amount * 0.015, 2)::decimal(18, 4) as fees_amount,
        round(net_sales_amount * 0.55, 2)::decimal(18, 4) as cost_of_goods_amount, (net_sales_amount - cost_of_goods_amount)::decimal(18, 4) as gross_margin_amount, max(rate) as rate
    from clocks group by all
), converted as (
    select * exclude (rate), round(gross_sales_amount * rate, 2)::decimal(18, 4) as gross_sales_amount_reporting, round(discounts_amount * rate, 2)::decimal(18, 4) as discounts_amount_reporting, round(returns_amount * rate, 2)::decimal(18, 4) as returns_amount_reporting,
        round(tax_amount * rate, 2)::decimal(18, 4) as tax_amount_reporting, round(shipping_amount * rate, 2)::decimal(18, 4) as shipping_amount_reporting, round(refunds_amount * rate, 2)::decimal(18, 4) as refunds_amount_reporting,
        round(fees_amount * rate, 2)::decimal(18, 4) as fees_amount_reporting, round(cost_of_goods_amount * rate, 2)::decimal(18, 4) as cost_of_goods_amount_reporting
    from summed
)
select *, (gross_sales_amount_reporting - discounts_amount_reporting - returns_amount_reporting)::decimal(18, 4) as net_sales_amount_reporting,
    (net_sales_amount_reporting + tax_amount_reporting + shipping_amount_reporting)::decimal(18, 4) as total_sales_amount_reporting,
    (net_sales_amount_reporting - cost_of_goods_amount_reporting)::decimal(18, 4) as gross_margin_amount_reporting
from converted;

create table marts.fct_inventory_ledger as
with days as (
    select sku, warehouse_id, day::date as business_date, row_number() over (partition by sku, warehouse_id order by day) as n, u(hash(sku || warehouse_id || day::varchar) % 1000000, 40) as x
    from marts.dim_products, (values ('berlin'), ('lyon')) w(warehouse_id), range(timestamp '2025-12-01', timestamp '2026-04-01', interval 1 day) t(day)
), moved as (
    select *, case when n = 1 then 400 when n % 28 = 0 then 90 else 0 end::bigint as received_quantity, floor(x * 7)::bigint as shipped_quantity, case when x > 0.97 then 1 else 0 end::bigint as restocked_quantity,
        case when n % 45 = 0 then -2 else 0 end::bigint as count_adjustment_quantity from days
), levels as (
    select *, sum(received_quantity - shipped_quantity + restocked_quantity + count_adjustment_quantity) over (partition by sku, warehouse_id order by business_date)::bigint as closing_quantity from moved
)
select sku, warehouse_id, business_date, (closing_quantity - received_quantity + shipped_quantity - restocked_quantity - count_adjustment_quantity)::bigint as opening_quantity, received_quantity, shipped_quantity,
    0::bigint as unshipped_quantity, restocked_quantity, 0::bigint as adjusted_quantity, 0::bigint as transferred_quantity, count_adjustment_quantity, closing_quantity
from levels;

create table marts.fct_inventory_positions as
with last as (
    select sku, warehouse_id, arg_max(closing_quantity, business_date) * pow(u(hash(sku || warehouse_id) % 100000, 45), 2) - 6 as on_hand, avg(shipped_quantity) as demand from marts.fct_inventory_ledger group by sku, warehouse_id
), levels as (
    select sku, warehouse_id, 'warehouse' as position_level, on_hand, demand from last
    union all select sku, 'network', 'network', sum(on_hand), sum(demand) from last group by sku
)
select levels.sku, warehouse_id, position_level, on_hand::bigint as on_hand_quantity, greatest(0, on_hand * 0.2)::bigint as allocated_quantity, case when on_hand < 0 then 4 else 0 end::bigint as backordered_quantity, (on_hand_quantity - allocated_quantity)::bigint as available_quantity,
    case when on_hand < 60 then 90 else 0 end::bigint as incoming_quantity, case when on_hand < 60 then timestamp '2026-04-08 08:00:00' end as next_incoming_at, (available_quantity - backordered_quantity + incoming_quantity)::bigint as available_to_promise_quantity,
    demand as demand_per_day_28d, demand * 0.9 as demand_per_day_90d, greatest(on_hand, 0) / nullif(demand, 0) as days_of_cover,
    case when on_hand <= 0 then 'out_of_stock' when on_hand / demand < 10 then 'high' when on_hand / demand < 20 then 'medium' else 'low' end as stockout_risk,
    (demand * lead_time_days + 5)::bigint as reorder_point, case when on_hand < demand * lead_time_days + 5 then (demand * 30)::bigint else 0 end as reorder_quantity, lead_time_days,
    pick(['A', 'B', 'C'], u(hash(levels.sku) % 100000, 41)) as abc_class, pick(['X', 'Y', 'Z'], u(hash(levels.sku) % 100000, 42)) as xyz_class, 6.2 * u(hash(levels.sku) % 100000, 43) as turnover_rate, u(hash(levels.sku) % 100000, 44) as sell_through_rate,
    unit_cost_amount as average_cost_amount, (unit_cost_amount * greatest(on_hand, 0))::decimal(18, 4) as stock_value_amount, currency
from levels join marts.dim_products using (sku);

create table marts.fct_reorder_proposals as
select sku, warehouse_id, position_level, supplier, positions.currency, case when u(hash(sku) % 100000, 60) < 0.4 then 'forecast' else 'window' end as basis,
    case basis when 'forecast' then 'forecast_better' else 'average_better_for_sku' end as basis_reason, 'auto_ets' as model, lead_time_days, demand_per_day_90d * lead_time_days as lead_expected_quantity,
    sqrt(demand_per_day_90d * lead_time_days) as lead_deviation_quantity, reorder_point, available_to_promise_quantity as position_quantity, incoming_quantity as due_quantity, 0::bigint as later_quantity, reorder_quantity as needed_quantity,
    (ceil(positions.reorder_quantity / 6.0) * 6)::bigint as reorder_quantity, average_cost_amount, ((ceil(positions.reorder_quantity / 6.0) * 6)::bigint * average_cost_amount)::decimal(18, 2)::decimal(18, 4) as cost_amount, 24::bigint as observations_count,
    case basis when 'forecast' then 0.9 else 1.1 end::double as loss_ratio, 2400::bigint as kind_observations_count, 0.97::double as kind_loss_ratio, 0.42::double as kind_wape_rate, 0.44::double as kind_average_wape_rate, 0.79::double as kind_coverage_rate,
    false as is_intermittent, date '2026-03-29' as origin_date, case when days_of_cover < 56 then date '2026-03-31' + days_of_cover::integer end as stock_out_date, greatest(stock_out_date - lead_time_days::integer, date '2026-03-31') as order_by_date,
    date '2026-03-31' + lead_time_days::integer as arrival_date
from marts.fct_inventory_positions as positions join marts.dim_products using (sku, lead_time_days);
create table marts.fct_service_levels as
select sku, warehouse_id, position_level, supplier, currency, basis, ceil(lead_expected_quantity + z * lead_deviation_quantity)::bigint as reorder_point, ceil(z * lead_deviation_quantity)::bigint as safety_quantity,
    (ceil(z * lead_deviation_quantity) * average_cost_amount)::decimal(18, 4) as safety_value_amount, service_level_rate, position_quantity <= ceil(lead_expected_quantity + z * lead_deviation_quantity) as is_at_reorder_point, origin_date
from marts.fct_reorder_proposals cross join (values (0.8::double, 0.841621), (0.95, 1.644854), (0.99, 2.326348)) as levels (service_level_rate, z);
create table marts.fct_purchase_proposals as
select supplier, currency, count(*)::bigint as lines_count, count(*) filter (basis = 'forecast')::bigint as forecast_lines_count, count(*) filter (cost_amount is null)::bigint as missing_costs_count, sum(reorder_quantity)::bigint as reorder_quantity,
    sum(cost_amount)::decimal(18, 4) as cost_amount, max(lead_time_days)::bigint as longest_lead_time_days, min(origin_date) as origin_date, min(order_by_date) as order_by_date, min(stock_out_date) as stock_out_date
from marts.fct_reorder_proposals where position_level = 'network' and reorder_quantity > 0 group by supplier, currency;

create table marts.fct_demand_weekly as
select sku, 'unassigned' as warehouse_id, category, (3 + 20 * u(hash(sku) % 100000 + week, 61))::bigint as demanded_quantity, 0::bigint as promoted_quantity, true as is_complete, (date '2025-09-29' + (week * 7)::integer) as week_start_date
from marts.dim_products cross join range(0, 26) as weeks (week);
create table marts.fct_stock_outs as select sku, 'unassigned' as warehouse_id, date '2026-02-03' as out_from_date, date '2026-02-06' as out_to_date from marts.dim_products where u(hash(sku) % 100000, 62) < 0.3;
create table marts.fct_forecast as
with series as (
    select 'sku_warehouse_week' as forecast_level, sku || '|unassigned' as series_key, sku, 'unassigned' as warehouse_id, null::varchar as category, null::varchar as channel, 13.0 as usual, 8 as periods, 7 as period_days from marts.dim_products
    union all select distinct 'category_week', category, null, null, category, null, 180.0, 8, 7 from marts.dim_products
    union all select distinct 'channel_day', channel, null, null, null, channel, 900.0, 28, 1 from marts.fct_orders
)
select 'r1' as run_id, forecast_level, series_key, sku, warehouse_id, category, channel, 'auto_ets' as model, 'the usual model, since no other was clearly better in the backtest' as model_reason, horizon::bigint as horizon, period_days::bigint as period_days,
    usual::decimal(28, 6) as expected_value, (usual * 0.7)::decimal(28, 6) as p10_value, usual::decimal(28, 6) as p50_value, (usual * 1.4)::decimal(28, 6) as p90_value, usual::decimal(28, 6) as baseline_value, false as is_intermittent, is_current,
    case when is_current then case period_days when 7 then date '2026-03-29' else date '2026-03-30' end else date '2026-02-22' end as origin_date, origin_date + 1 + ((horizon - 1) * period_days)::integer as target_date, timestamp '2026-03-31 09:00:00' as predicted_at
from series cross join (values (true), (false)) as made (is_current) cross join lateral range(1, periods + 1) as ahead (horizon);
create table marts.fct_forecast_accuracy as
select forecast_level, series_key, is_intermittent, true as is_current, 24::bigint as observations_count, 24::bigint as scaled_count, 300.0::double as actual_sum, 120.0::double as absolute_error_sum, 3.0::double as error_sum, 20.0::double as scaled_error_sum, 40.0::double as pinball_sum, 19.0::double as covered_sum,
    150.0::double as baseline_absolute_error_sum, -3.0::double as baseline_error_sum, 26.0::double as baseline_scaled_error_sum, 50.0::double as baseline_pinball_sum, 18.0::double as baseline_covered_sum,
    130.0::double as average_absolute_error_sum, 1.0::double as average_error_sum, 22.0::double as average_scaled_error_sum, 42.0::double as average_pinball_sum, 19.0::double as average_covered_sum,
    0.4::double as wape_rate, 0.5::double as baseline_wape_rate, 0.43::double as average_wape_rate, 0.79::double as coverage_rate, date '2026-02-01' as first_origin_date, date '2026-03-15' as last_origin_date
from (select distinct forecast_level, series_key, is_intermittent from marts.fct_forecast);
create table marts.fct_forecast_outcomes as
select forecast_level, series_key, sku, warehouse_id, category, channel, model, horizon, period_days, (expected_value * (0.6 + u(hash(series_key) % 100000 + horizon, 63)))::double as actual_value, expected_value, p10_value, p50_value, p90_value, baseline_value,
    abs(expected_value - actual_value)::double as absolute_error_value, abs(baseline_value - actual_value)::double as baseline_absolute_error_value, actual_value between p10_value and p90_value as is_within, false as is_censored, origin_date, target_date
from marts.fct_forecast where not is_current and target_date + period_days::integer <= date '2026-03-31';
create table marts.fct_revenue_outlook as
with parts as (select channel, (date '2026-03-30' + (week * 7)::integer) as week_start_date, case week when 0 then 6 when 4 then 1 else 7 end::bigint as days_count, 900.0 as a_day from (select distinct channel from marts.fct_orders) cross join range(0, 5) as weeks (week)),
sums as (select * from parts union all select 'all', week_start_date, max(days_count), sum(a_day) from parts group by week_start_date)
select channel, days_count, (a_day * days_count)::decimal(28, 6) as expected_net_sales_reporting, (a_day * days_count * 0.8)::decimal(28, 6) as p10_net_sales_reporting, (a_day * days_count * 1.3)::decimal(28, 6) as p90_net_sales_reporting,
    case channel when 'all' then (4000 * days_count)::decimal(18, 4) end as target_amount_reporting, 700::decimal(18, 4) as pipeline_net_sales_amount_reporting, week_start_date, date '2026-03-30' as origin_date from sums;
create table marts.fct_product_affinity as
select one.sku, other.sku as other_sku, 12::bigint as orders_count, 40::bigint as sku_orders_count, 50::bigint as other_orders_count, 800::bigint as all_orders_count, 0.015::double as support_rate, 0.3::double as confidence_rate, 4.8::double as lift
from marts.dim_products as one join marts.dim_products as other on one.category = other.category and one.sku <> other.sku;
create table marts.fct_product_performance as
with items as (select 'sku' as item_level, sku as item, category from marts.dim_products union all select distinct 'category', category, category from marts.dim_products),
made as (select *, 10 + 20 * u(hash(item) % 100000, 64) as recent_per_week, 10 + 20 * u(hash(item) % 100000, 65) as earlier_per_week from items)
select *, recent_per_week - earlier_per_week as change_per_week, change_per_week - 6 as change_low_per_week, change_per_week + 6 as change_high_per_week, change_per_week / earlier_per_week as change_rate,
    case when change_low_per_week > 0 then 'rising' when change_high_per_week < 0 then 'falling' else 'no_clear_change' end as trend, 200::bigint as units_quantity, 9::bigint as returned_quantity, 4000::decimal(18, 4) as net_sales_amount_reporting,
    200::decimal(18, 4) as returns_amount_reporting, 2000::decimal(18, 4) as cost_of_goods_amount_reporting, 300::decimal(28, 6) as shipping_cost_reporting, 1700::decimal(28, 6) as margin_reporting, 0.425::double as margin_rate, date '2026-02-02' as from_date, date '2026-03-29' as until_date
from made;

create table marts.dim_customers as
select customer_key, any_value(customer_id) as customer_id, any_value(customer_token) as email_token, min(placed_at) as first_order_at, max(placed_at) as last_order_at, count(*)::bigint as orders_count, count(*) filter (stage <> 'cancelled')::bigint as purchases_count,
    sum(net_amount_reporting)::decimal(18, 4) as net_spend_amount_reporting, (sum(net_amount_reporting) / count(*))::decimal(18, 4) as average_order_value_reporting, (count(*) filter (return_status = 'returned') / count(*))::double as return_rate,
    (sum(discount_amount) / nullif(sum(gross_amount), 0))::double as discount_share, mode(channel) as preferred_channel, 'apparel' as preferred_category, mode(ship_country) as country, null::varchar as region, mode(ship_city) as city,
    u(min(_record), 50) < 0.6 as has_marketing_consent,
    case when max(placed_at) < timestamp '2025-12-20' then 'lost' when max(placed_at) < timestamp '2026-02-01' then 'at_risk' when count(*) = 1 and min(placed_at) > timestamp '2026-03-01' then 'new' else 'active' end as lifecycle
from marts.fct_orders group by customer_key;

create table marts.fct_customer_segments as
with scored as (
    select customer_key, ntile(5) over (order by last_order_at, customer_key)::bigint as recency_score, ntile(5) over (order by orders_count, customer_key)::bigint as frequency_score,
        ntile(5) over (order by net_spend_amount_reporting, customer_key)::bigint as monetary_score, lifecycle from marts.dim_customers
)
select customer_key, 'rfm' as scheme, date '2026-03-31' as snapshot_date, case when recency_score >= 4 and frequency_score >= 4 then 'champions' when frequency_score >= 4 then 'loyal' when recency_score >= 4 then 'promising' when recency_score <= 2 and monetary_score >= 4 then 'cannot_lose' else 'hibernating' end as segment,
    recency_score, frequency_score, monetary_score from scored
union all select customer_key, 'lifecycle', date '2026-03-31', lifecycle, null, null, null from scored
union all select customer_key, 'lifecycle', date '2026-02-28', case when lifecycle = 'new' then 'active' else lifecycle end, null, null, null from scored
union all select customer_key, 'value_band', date '2026-03-31', case when monetary_score = 5 then 'high' when monetary_score >= 3 then 'middle' else 'low' end, null, null, null from scored;

create table marts.fct_cohort_retention as
select first_order_month, 'web' as channel, 'apparel' as first_category, 'full_price' as first_discount, n::bigint as months_after, 100::bigint as customers_count, (40 - 9 * n)::bigint as active_customers_count, (50 - 9 * n)::bigint as purchases_count,
    (40 - 9 * n) / 100 as retention_rate, active_month < date '2026-03-01' as is_mature, active_month
from (values (date '2025-12-01'), (date '2026-01-01'), (date '2026-02-01')) m(first_order_month), range(0, 4) t(n), lateral (select (first_order_month + to_months(n::integer))::date as active_month) a
where active_month <= date '2026-03-31';

-- Two contracts of the last two months; one has a line without a known cost.
create table marts.fct_contract_margin as
select price_list_id, currency, 12::bigint as lines_count, off_contract_lines_count::bigint as off_contract_lines_count, missing_costs_count::bigint as missing_costs_count, 40::bigint as units_quantity,
    net::decimal(18, 4) as net_sales_before_returns_amount, agreed::decimal(18, 4) as contract_sales_amount, (net - agreed)::decimal(18, 4) as difference_amount,
    cost::decimal(18, 4) as cost_of_goods_amount, (net - cost)::decimal(18, 4) as gross_margin_amount, (agreed - cost)::decimal(18, 4) as contract_margin_amount, month_date
from (values ('CONTRACT-17', 'EUR', 2, 0, 1240.50, 1200.00, 700.00, date '2026-02-01'), ('CONTRACT-17', 'EUR', 0, 0, 800.00, 800.00, 500.25, date '2026-03-01'), ('wholesale', 'GBP', 1, 1, 410.00, 420.10, null, date '2026-03-01')) c(price_list_id, currency, off_contract_lines_count, missing_costs_count, net, agreed, cost, month_date);

-- Two campaigns: one whose window has ended, and one that began a week ago.
create table marts.fct_campaign_members as
with drawn as (
    select customer_key, campaign_id, title, assigned_at, attribution_days, effect, u(hash(customer_key || campaign_id) % 100000, 71) as draw, u(hash(customer_key || campaign_id) % 100000, 72) as bought, u(hash(customer_key || campaign_id) % 100000, 73) as spent
    from marts.dim_customers, (values ('winter_sale', 'Winter sale', timestamp '2026-01-10 09:00:00', 28, 0.25), ('spring_sale', 'Spring sale', timestamp '2026-03-24 09:00:00', 28, 0.02)) c(campaign_id, title, assigned_at, attribution_days, effect)
    where has_marketing_consent
)
select campaign_id, customer_key, title, case when draw < 0.05 then 'global_control' when draw < 0.3 then 'held_out' else 'treated' end as arm, 'newsletter' as purpose, 'email' as channel, 'campaign' as template, case campaign_id when 'winter_sale' then 'WINTER10' end as offer,
    attribution_days::bigint as attribution_days, (bought < 0.15 + case when draw >= 0.3 then effect else 0 end)::integer::bigint as orders_count, 0::bigint as missing_rates_count,
    case when bought < 0.15 + case when draw >= 0.3 then effect else 0 end then 20 + 90 * spent else 0 end::decimal(18, 4) as net_sales_amount_reporting, orders_count > 0 as is_buyer, assigned_at::date as assigned_date, assigned_at, assigned_at + to_days(attribution_days::integer) as window_ends_at
from drawn;

create table marts.fct_campaign_results as
with arms as (
    select campaign_id, arm, any_value(title) as title, any_value(purpose) as purpose, any_value(channel) as channel, any_value(offer) as offer, any_value(attribution_days) as attribution_days, count(*) as members_count, count(*) filter (is_buyer) as buyers_count, sum(orders_count)::bigint as orders_count,
        0::bigint as missing_rates_count, sum(net_sales_amount_reporting)::decimal(18, 4) as net_sales_amount_reporting, avg(net_sales_amount_reporting)::double as net_sales_per_member, stddev_samp(net_sales_amount_reporting)::double as net_sales_deviation, min(assigned_at) as assigned_at, max(window_ends_at) as window_ends_at
    from marts.fct_campaign_members group by campaign_id, arm
), lifts as (
    select campaign_id, treated.net_sales_per_member - held_out.net_sales_per_member as lift, sqrt(pow(treated.net_sales_deviation, 2) / treated.members_count + pow(held_out.net_sales_deviation, 2) / held_out.members_count) as error
    from arms as treated join arms as held_out using (campaign_id) where treated.arm = 'treated' and held_out.arm = 'held_out'
)
select arms.*, buyers_count / members_count as buyer_rate, 200::bigint as degrees_of_freedom, lift as lift_per_member, lift - 1.97 * error as lift_low_per_member, lift + 1.97 * error as lift_high_per_member, 2.81 * error as detectable_lift_per_member, case when abs(lift) > 1.97 * error then 0.01 else 0.4 end::double as p_value, abs(lift) > 1.97 * error as has_effect, window_ends_at <= timestamp '2026-03-31 10:00:00' as is_complete
from arms left join lifts on arms.campaign_id = lifts.campaign_id and arms.arm = 'treated';

create table marts.fct_suppressions as
select email_token as recipient, 'newsletter' as purpose, 'unsubscribed' as kind, 'portal' as origin, true as is_suppressed, timestamp '2026-03-20 10:00:00' as occurred_at
from marts.dim_customers where email_token is not null order by customer_key limit 6;

create table marts.fct_recommendations (customer_key varchar, sku varchar, bought_sku varchar, recommendation_number bigint, confidence_rate double, lift double);

create table marts.kpi_catalogue as
select kpi, name, formula, case unit when 'money' then getvariable('currency') else unit end as unit, 'day × dimension' as grain, aggregation, direction, owner, target::decimal(18, 4) as target,
    case kpi when 'return_rate_units' then 30 when 'retention_90d' then 90 when 'on_time_delivery_rate' then 3 else 0 end::bigint as mature_after_days, null::varchar as distribution, null::decimal(3, 2) as percentile
from (values
    ('orders', 'Orders placed', 'Orders placed on the day', 'count', 'sum', 'up', 'sales', null),
    ('orders_recognised', 'Orders recognised', 'Orders with units that are not cancelled', 'count', 'sum', 'up', 'sales', null),
    ('net_sales', 'Net sales', 'Gross sales − discounts − returns', 'money', 'sum', 'up', 'sales', null),
    ('average_order_value', 'Average order value', 'Net sales ÷ orders recognised', 'money', 'ratio', 'up', 'sales', null),
    ('on_time_delivery_rate', 'On-time delivery', 'Orders attempted by the first promise ÷ orders promised for the day', 'share', 'ratio', 'up', 'fulfilment', 0.95),
    ('on_time_shipment_rate', 'On-time shipment', 'Orders that left in time ÷ orders that had to leave by the day', 'share', 'ratio', 'up', 'fulfilment', 0.95),
    ('cancellation_rate', 'Cancellation rate', 'Orders cancelled ÷ orders', 'share', 'ratio', 'down', 'operations', 0.03),
    ('return_rate_units', 'Return rate, units', 'Units returned ÷ units shipped', 'share', 'ratio', 'down', 'operations', 0.08),
    ('order_cycle_hours', 'Order cycle time', 'Hours from order to complete delivery ÷ orders delivered', 'hours', 'ratio', 'down', 'fulfilment', 96),
    ('exception_rate', 'Exception rate', 'Orders with an open exception ÷ orders', 'share', 'ratio', 'down', 'operations', 0.05),
    ('days_of_cover', 'Days of cover', 'Units on hand ÷ units ordered per day', 'days', 'last', 'none', 'inventory', 45),
    ('retention_90d', 'Retention, 90 days', 'Customers with a second purchase within 90 days ÷ customers', 'share', 'ratio', 'up', 'marketing', 0.2),
    ('feedback_score', 'Feedback score', 'Scores given on the day ÷ the best scores possible', 'share', 'ratio', 'up', 'service', 0.85),
    ('new_customers', 'New customers', 'Customers whose first order was placed on the day', 'count', 'sum', 'up', 'marketing', null)
) t(kpi, name, formula, unit, aggregation, direction, owner, target);

create table marts.fct_kpi_daily as
with days as (
    select placed_date as business_date, 'all' as dimension, 'all' as dimension_value, * exclude (placed_date) from marts.fct_orders
    union all select placed_date, 'channel', channel, * exclude (placed_date) from marts.fct_orders
    union all select placed_date, 'country', ship_country, * exclude (placed_date) from marts.fct_orders
), summed as (
    select business_date, dimension, dimension_value, count(*) as orders, sum(due_amount_reporting) as gross, sum(net_amount_reporting) as net, count(*) filter (delivered_at <= first_promised_at) as on_time, count(delivered_at) as delivered,
        count(*) filter (is_cancelled) as cancelled, sum(returned_quantity) as returned, sum(delivered_quantity) as units, sum(hours_to_deliver) as hours, count(*) filter (is_late or has_delivery_problem) as exceptions, count(distinct customer_key) as customers
    from days group by all
)
select business_date, k.kpi, dimension, dimension_value, k.numerator::decimal(38, 4) as numerator, k.denominator::decimal(38, 4) as denominator, true as is_mature
from summed, unnest([
    {kpi: 'orders', numerator: orders::double, denominator: null::double}, {kpi: 'orders_recognised', numerator: (orders - cancelled)::double, denominator: null::double}, {kpi: 'days_of_cover', numerator: 900.0, denominator: 31.0}, {kpi: 'net_sales', numerator: net::double, denominator: null},
    {kpi: 'average_order_value', numerator: net::double, denominator: (orders - cancelled)::double}, {kpi: 'on_time_delivery_rate', numerator: on_time::double, denominator: delivered::double}, {kpi: 'on_time_shipment_rate', numerator: delivered * 0.97, denominator: delivered::double},
    {kpi: 'cancellation_rate', numerator: cancelled::double, denominator: orders::double}, {kpi: 'return_rate_units', numerator: returned::double, denominator: units::double}, {kpi: 'order_cycle_hours', numerator: hours::double, denominator: delivered::double},
    {kpi: 'exception_rate', numerator: exceptions::double, denominator: orders::double}, {kpi: 'retention_90d', numerator: customers * 0.2, denominator: customers::double}, {kpi: 'feedback_score', numerator: delivered * 3.0, denominator: delivered * 5.0}, {kpi: 'new_customers', numerator: customers * 0.4, denominator: null}
]) t(k);

create table marts.fct_kpi_distribution as
select placed_date as business_date, 'order_cycle_hours' as kpi, 'all' as dimension, 'all' as dimension_value, floor(hours_to_deliver)::bigint as bucket_hours, count(*) as durations_count
from marts.fct_orders where hours_to_deliver is not null group by all;

create view ops.orders as select * from marts.fct_orders;
create view ops.order_lines as select * from marts.fct_order_lines;
create view ops.order_timeline as select * from marts.fct_order_timeline;
create view ops.exceptions as select *, null::varchar as assignee, null::varchar as resolved_by, 0::bigint as notes_count, false as is_snoozed,
    true as is_in_worklist, null::date as snoozed_until, null::timestamp as resolved_at from marts.fct_exceptions;
create table ops.allowed_actions as
select kind, axis, state, next_state, rejection, step::integer as step, is_accepted::boolean as is_accepted
from read_csv(getvariable('action_rules'), header = true, all_varchar = true);
create table ops.actions as
select 'A-' || order_id as action_id, order_id, 'order' as subject_kind, order_id as subject_id, 'hold' as kind, 'hold' as kind_word, 'mia' as actor,
    'operator' as role, null::varchar as line_id, null::varchar as warehouse_id, null::varchar as assignee, null::varchar as payload_token, null::varchar as reason_token,
    null::varchar as rejection, 'shop' as source, null::bigint as quantity, true as is_accepted, null::boolean as promise_is_date_only, true as tells_customer, null::date as snoozed_until,
    placed_at + interval 2 hour as occurred_at, null::timestamp as promised_at, md5('actions') as _file_id, 1::bigint as _record, 12::bigint as _batch_id,
    null::varchar as order_source, false as is_sent_back, false as is_confirmable, null::timestamp as confirmed_at
from marts.fct_orders where order_status = 'on_hold';
create view ops.payments as select * exclude (amount_reporting, _source, _batch_id) from marts.fct_payment_ledger;
create table ops.shipments as
select 'S-' || order_id as shipment_id, order_id, pick(['dhl', 'ups', 'postnl'], u(_record, 60)) as carrier, 'TRK' || _record as tracking_number, first_shipped_at as shipped_at, case when u(_record, 15) < 0.6 then 'berlin' else 'lyon' end as warehouse_id,
    delivery_status, delivery_status as latest_scan_status, has_delivery_problem, false as is_cancelled, null::timestamp as cancelled_at, false as is_lost, null::timestamp as lost_at, false as is_returned, null::timestamp as returned_at,
    delivered_at, first_attempt_at, coalesce(delivered_at, first_shipped_at) as last_scan_at, 4.2::decimal(18, 4) as cost_amount, 'EUR' as cost_currency
from marts.fct_orders where first_shipped_at is not null;
create table marts.fct_shipments as
select parcels.*, 'standard' as service, orders.ship_country, parcels.warehouse_id || ' to ' || orders.ship_country as lane, orders.source, case when orders.delivered_at is not null then 'delivered' else 'on_the_way' end as outcome,
    orders.shipped_quantity as quantity, 1::bigint as lines_count, 2::bigint as scans_count, case when orders.delivered_at is not null then 1 else 0 end::bigint as attempts_count, 4.2::decimal(18, 4) as cost_amount_reporting, false as is_orphan,
    orders.first_promised_at as promise_ends_at, parcels.shipped_at + interval 3 day as estimated_delivery_at, estimated_delivery_at as estimate_ends_at, parcels.first_attempt_at <= orders.first_promised_at as is_on_time, parcels.shipped_at::date as shipped_date, orders.first_promised_at::date as promised_date,
    orders.hours_to_ship, 2.0::double as hours_to_pick_up, 20.0::double as hours_between_depots, 6.0::double as hours_on_last_mile, orders.hours_in_transit,
    (date_diff('second', orders.first_promised_at, orders.delivered_at) / 3600.0)::double as hours_past_promise
from ops.shipments as parcels join marts.fct_orders as orders on orders.order_id = parcels.order_id;
create table marts.fct_carrier_daily as
select carrier, service, lane, shipped_date, count(*) as parcels_count, count(*) filter (outcome = 'on_the_way') as on_the_way_count, count(delivered_at) as delivered_count, 0::bigint as cancelled_count, count(first_attempt_at) as promised_count,
    count(first_attempt_at) filter (hash(shipment_id) % 10 < 9) as on_time_count, count(*) filter (has_delivery_problem) as problems_count, 0::bigint as lost_count, 0::bigint as returned_count, sum(attempts_count)::bigint as attempts_count,
    sum(cost_amount_reporting)::decimal(18, 4) as cost_amount_reporting
from marts.fct_shipments group by all;
create table marts.fct_carrier_hours as
select carrier, service, lane, shipped_date, date_diff('hour', shipped_at, delivered_at) as hours_in_transit, count(*) as parcels_count
from marts.fct_shipments where delivered_at is not null group by all;
create table marts.fct_returns as
select 'RET-' || order_id as return_id, order_id, line_id, sku, warehouse_id, placed.channel, placed.country, sha256('too small' || (_record % 3)) as reason_token, source, currency, returned_quantity as requested_quantity, returned_quantity as approved_quantity, 0::bigint as declined_quantity,
    returned_quantity as received_quantity, case when _record % 5 = 0 then 0 else returned_quantity end::bigint as restocked_quantity, 0::bigint as scrapped_quantity, returned_quantity, case when _record % 5 = 0 then 'received' else 'restocked' end as outcome,
    case when _record % 5 = 0 then 'received' else 'restocked' end as return_status, unit_price_amount, net_amount as returned_net_amount, tax_amount as returned_tax_amount, null::decimal(18, 4) as credit_amount, false as is_credit_note, delivered_at + interval 6 day as opened_at,
    delivered_at + interval 6 day as requested_at, delivered_at + interval 9 day as received_at, delivered_at + interval 9 day as arrived_at, delivered_at + interval 10 day as refunded_at, delivered_at + interval 9 day as last_event_at, 72.0::double as hours_to_receive, 24.0::double as hours_to_refund
from marts.fct_order_lines
join (select order_id, channel, ship_country as country from marts.fct_orders) as placed using (order_id)
where returned_quantity > 0;
create table ops.returns as
select * exclude (reason_token, outcome, returned_net_amount, returned_tax_amount, arrived_at, refunded_at, hours_to_receive, hours_to_refund) from marts.fct_returns;
create view ops.warehouses as select distinct warehouse_id from marts.fct_inventory_positions where position_level = 'warehouse' and warehouse_id <> 'unassigned';
create view ops.action_states as
select order_id, null::varchar as line_id, 'order' as axis, 'known' as state from marts.fct_orders
union all select order_id, null, 'shipment', case when first_shipped_at is null then 'unshipped' else 'shipped' end from marts.fct_orders
union all select order_id, null, 'cancellation', case when order_status = 'cancelled' then 'cancelled' else 'live' end from marts.fct_orders
union all select order_id, null, 'hold', case when order_status = 'on_hold' then 'held' else 'not_held' end from marts.fct_orders
union all select order_id, null, 'returns', case when bool_or(return_status in ('requested', 'approved', 'declined')) then 'known' else 'moved' end
from ops.returns group by order_id
union all select distinct order_id, null, 'requests', 'asked' from ops.actions where kind in ('request_cancel', 'request_change') and is_accepted
union all select order_id, line_id, 'line', case when shipped_quantity < ordered_quantity then 'units_left' else 'all_shipped' end from marts.fct_order_lines;

create table marts.fct_feedback as
select 'F-' || order_id as feedback_id, order_id, customer_id, 'email' as channel, pick(['delivery', 'product', 'service'], u(_record, 80)) as topic, case when _record % 3 = 0 then sha256('text' || _record) end as text_token, source,
    (1 + floor(u(_record, 81) * 5))::decimal(18, 4) as score, 5::decimal(18, 4) as scale_max, (score / scale_max)::double as score_rate, delivered_at::date as feedback_date, delivered_at + interval 1 day as occurred_at, md5('feedback') as _file_id, _record
from marts.fct_orders where delivered_at is not null and _record % 4 = 0;

create table quality.files as
select md5(feed || i) as file_id, source, feed, 'landing/' || source || '/' || feed || '-' || lpad(i::varchar, 2, '0') || '.csv' as path, 'canonical' as format, (90000 + 4000 * i)::bigint as size_bytes, 'v1' as mapping_version, i::bigint as batch_id,
    timestamp '2026-03-19 06:00:00' + to_days(i::integer) as received_at, (1000 + 13 * i)::bigint as rows_in, (1000 + 13 * i - (i % 3) - (i % 4))::bigint as accepted, (i % 3)::bigint as duplicate, (i % 4)::bigint as quarantined, (i % 2)::bigint as repaired, 0::bigint as discarded, 'loaded' as status, null::varchar as reason,
    null::varchar as ignored_columns, null::varchar as bundle_id, 'primary' as role, false as is_superseded,
    case when feed = 'payments' and i > 9 then if(i = 12, 'failed', 'passed') end as control_status
from (values ('orders', 'web_shop'), ('order_lines', 'web_shop'), ('payments', 'psp'), ('shipments', 'wms'), ('tracking', 'carrier'), ('stock', 'wms')) f(feed, source), range(1, 13) t(i)
union all select md5('bad'), 'wms', 'stock', 'landing/wms/stock-broken.csv', 'canonical', 912, 'v1', 11, timestamp '2026-03-30 07:00:00', 0, 0, 0, 0, 0, 0, 'rejected', 'The required column sku is missing', null, null, 'primary', false, null;
create table quality.controls as
select 'psp' as source, md5('payments' || i) as file_id, 'landing/psp/payments-' || i || '.csv' as path, path || '.control.json' as origin, 'c' || i as control_id, measure,
    expected, actual, if(expected = actual, 'passed', 'failed') as status,
    if(expected = actual, path || ' is as stated.', origin || ' states ' || expected || ' of ' || measure || ', but the rows of ' || path || ' sum to ' || actual || '.') as detail,
    false as is_rejected, true as is_current, timestamp '2026-03-19 06:00:00' + to_days(i::integer) as checked_at, i::bigint as batch_id
from (values (10, 'rows', '1130', '1130'), (10, 'amount', '48120.50', '48120.50'), (11, 'rows', '1143', '1143'), (12, 'rows', '1156', '1156'), (12, 'amount', '51007.25', '50997.25')) c(i, measure, expected, actual);
create table quality.drift as
select source, feed, kind, column_name, severity, before_value, after_value, 'landing/' || source || '/' || feed || '-11.csv' as path, md5(feed || '11') as file_id, detail, timestamp '2026-03-30 06:00:00' as received_at, 11::bigint as batch_id
from (values ('web_shop', 'orders', 'new_column', 'gift_note', 'warn', null, 'a column that nothing is taken from', 'A column that no earlier file had.'), ('psp', 'payments', 'new_word', 'kind', 'warn', null, 'chargeback', 'A word that no earlier file had.'),
    ('wms', 'stock', 'volume', null, 'warn', '900 to 1300 rows', '41 rows', 'The file has far more or fewer rows than the files before.'), ('web_shop', 'orders', 'kind_changed', 'shipping_amount', 'info', 'integer', 'decimal', 'The values of the column are of another kind than in any earlier file.')) d(source, feed, kind, column_name, severity, before_value, after_value, detail);
create table quality.sequence_gaps as
select 'web_shop' as source, 'orders' as feed, 'order_id' as column_name, 'O-' as prefix, 412::bigint as gap_from, 415::bigint as gap_to, 3::bigint as missing, 1::bigint as in_quarantine, timestamp '2026-03-28 06:00:00' as noticed_at
union all select 'wms', 'files', 'path', 'stock-(\d+)', 6, 6, 1, 0, timestamp '2026-03-26 06:00:00';
create table quality.freshness as
select source, feed, expected_every, case when is_overdue then 'overdue' when is_quiet then 'quiet' when coalesce(is_overdue, is_quiet) is not null then 'fresh' end as freshness_status, 12::bigint as files_count, quiet_days, allowed_quiet_days, is_overdue, is_quiet, newest_event_date, last_received_at, newest_event_at, due_at
from (select *, due_at < timestamp '2026-03-31 10:00:00' as is_overdue, quiet_days > allowed_quiet_days as is_quiet
    from (select *, (date '2026-03-31' - newest_event_date)::bigint as quiet_days, case when feed = 'payments' then 3.0::double end as allowed_quiet_days
        from (values ('web_shop', 'orders', '1d', timestamp '2026-03-31 06:00:00', timestamp '2026-03-31 05:40:00', date '2026-03-31', timestamp '2026-04-01 06:00:00'), ('carrier', 'tracking', '6h', timestamp '2026-03-31 01:00:00', timestamp '2026-03-31 00:12:00', date '2026-03-31', timestamp '2026-03-31 07:00:00'),
            ('psp', 'payments', null, timestamp '2026-03-31 06:00:00', timestamp '2026-03-26 23:10:00', date '2026-03-27', null), ('ecb', 'fx_rates', null, timestamp '2026-03-31 08:30:00', null, date '2026-03-28', null)) f(source, feed, expected_every, last_received_at, newest_event_at, newest_event_date, due_at)));
create table quality.quarantine as
select md5('q' || i) as quarantine_id, md5('payments' || (1 + i % 12)) as file_id, pick(['payments', 'order_lines', 'stock'], u(i, 70)) as feed, i::bigint as record, 'psp' as source, 'landing/psp/payments-' || lpad((1 + i % 12)::varchar, 2, '0') || '.csv' as path, (1 + i % 12)::bigint as batch_id,
    timestamp '2026-03-19 06:00:00' + to_days((i % 12)::integer) as received_at, case when u(i, 71) < 0.6 then '["amount_not_negative"]' else '["currency_is_iso", "quantity_positive"]' end as rules,
    case when u(i, 71) < 0.6 then 'amount is -3.00; it may not be negative.' else 'currency is EURO; three letters of ISO 4217 are needed. quantity is 0.' end as reasons, '{"payment_id": "P-' || i || '", "amount": "-3.00"}' as row_json,
    pick(['open', 'open', 'open', 'repaired', 'patch_failed', 'discarded', 'patched'], u(i, 72)) as state, case when state <> 'open' then 'r' || md5('r' || i)[:16] end as repair_id, case state when 'open' then null when 'discarded' then 'discard' else 'patch' end as repair_kind,
    case when state <> 'open' then 'ada' end as repair_made_by, case when state <> 'open' then 'The provider sends refunds as negative captures.' end as repair_why, case state when 'repaired' then 'accepted' when 'patch_failed' then 'still_quarantined' end as replay_outcome,
    case when state <> 'open' then timestamp '2026-03-30 09:00:00' + to_minutes(i::integer) end as repair_made_at, case when state in ('repaired', 'patch_failed') then timestamp '2026-03-30 09:05:00' end as replayed_at
from range(1, 29) t(i);
create table quality.repairs as
select repair_id, repair_kind as kind, case state when 'patched' then 'waiting' when 'discarded' then 'discarded' else replay_outcome end as state, quarantine_id, source, feed, file_id, path, record, case when repair_kind = 'patch' then '{"amount": "3.00"}' end as fields,
    case when repair_kind = 'patch' then '{"amount": "-3.00"}' end as fields_before, repair_why as why, repair_made_by as made_by, case when replay_outcome = 'still_quarantined' then 'currency is EURO.' end as reasons, repair_made_at as made_at, replayed_at, 12::bigint as batch_id
from quality.quarantine where repair_id is not null;
create table quality.audit as
select 'b1:' || name as audit_id, 'b1' as build_id, 12::bigint as batch_id, *, null::varchar as example_rows, 0.1::double as duration_seconds, timestamp '2026-03-31 10:00:00' as checked_at
from (values ('every order line is somewhere', 'dbt_test', 'marts.fct_order_lines', true, 'error', 0::bigint, null::varchar), ('ledger balances on every day', 'dbt_test', 'marts.fct_inventory_ledger', true, 'error', 0, null),
    ('net sales lie in the usual band', 'expectation', 'marts.fct_revenue_daily', true, 'warn', 0, null), ('customers have a country', 'dbt_test', 'marts.dim_customers', false, 'warn', 14, '14 customers without a country'),
    ('unexplained residual is zero', 'reconciliation', 'marts.fct_payment_reconciliation', true, 'error', 0, null)) t(name, kind, table_name, passed, severity, failed_rows, detail);

create table marts.fct_closed_months as
select '2026-02' as month, 'a1' as action_id, 'mia' as actor, 'finance' as role, true as is_frozen, 2::bigint as restated_figures_count,
    1::bigint as restated_subjects_count, 30::decimal(18, 4) as net_sales_difference_amount_reporting, 5::bigint as known_batch_id,
    date '2026-02-01' as first_date, date '2026-03-01' as next_date, timestamp '2026-03-02 08:00:00' as closed_at;

create table marts.fct_restatements as
select '2026-02' as month, 'a1' as action_id, 'revenue' as figure, 'placed' as recognition_clock, 'web' as channel, 'DE' as country,
    'home' as category, null::varchar as account, getvariable('currency') as currency, 'order' as subject_kind, 'O-0000001' as subject_id,
    measure, 60::decimal(18, 4) as closed_amount, 90::decimal(18, 4) as current_amount, 30::decimal(18, 4) as difference_amount,
    60::decimal(18, 4) as closed_amount_reporting, 90::decimal(18, 4) as current_amount_reporting,
    30::decimal(18, 4) as difference_amount_reporting, 5::bigint as known_batch_id, date '2026-02-02' as business_date,
    timestamp '2026-03-02 08:00:00' as closed_at
from (values ('gross_sales'), ('net_sales')) as measures (measure);

create table marts.fct_restatement_causes as
select '2026-02' as month, 'order' as subject_kind, 'O-0000001' as subject_id, 'order_lines' as feed, '/landing/web/order_lines-0009.csv' as path,
    timestamp '2026-03-04 09:00:00' as received_at, 'f9' as _file_id, 17::bigint as _record, 'web_shop' as _source, 6::bigint as _batch_id;

create table marts.fct_delivery_risk as
select order_id, null::varchar as shipment_id, 'order' as subject, 'unknown' as carrier, 'unknown' as service, 'unknown' as lane, ship_country as destination, 'stage' as comparable_level,
    '12 of 80 comparable deliveries were late: open after 2 days, not shipped.' as reason, 2::bigint as open_days, 3::bigint as days_left, 80::bigint as comparable_count, 12::bigint as comparable_late_count,
    due_amount_reporting, (due_amount_reporting * 0.15)::decimal(18, 4) as at_risk_amount_reporting, 0.15::double as late_probability, 0.1::double as base_rate, placed_at, null::timestamp as shipped_at, current_promised_at as promise_ends_at
from marts.fct_orders where first_shipped_at is null and current_promised_at is not null and order_status <> 'cancelled' order by order_id limit 20;
create table marts.fct_carrier_mix as
with lanes as (
    select ship_country, carrier, count(*) as parcels, count(is_on_time) as known, count(*) filter (not is_on_time) as late, avg(cost_amount_reporting)::decimal(18, 4) as cost
    from marts.fct_shipments where carrier is not null and outcome <> 'cancelled' group by all
)
select one.ship_country, one.carrier, other.carrier as other_carrier, one.parcels::bigint as parcels_count, other.parcels::bigint as other_parcels_count, one.late / one.known::double as late_rate, other.late / other.known::double as other_late_rate,
    other_late_rate - late_rate as late_rate_change, 0.001::double as late_rate_variance, late_rate_change - 0.06 as late_rate_change_low, late_rate_change + 0.06 as late_rate_change_high, one.cost as parcel_cost_reporting, other.cost as other_parcel_cost_reporting
from lanes as one join lanes as other on one.ship_country = other.ship_country and one.carrier <> other.carrier where one.known > 0 and other.known > 0;

create table marts.fct_delivery_risk_accuracy as
select ages.age_days, deciles.decile::integer as decile, 50::bigint as predictions_count, deciles.decile::bigint as late_count, (deciles.decile * 1.1)::decimal(28, 6) as probability_sum, 5.0::decimal(28, 6) as base_rate_sum,
    4.1::decimal(28, 12) as squared_error_sum, 4.4::decimal(28, 12) as base_squared_error_sum, date '2026-02-02' as origin_date
from (values (0), (3), (7)) as ages (age_days) cross join range(1, 11) as deciles (decile);

create table marts.fct_customer_value_accuracy as
select 'run' as run_id, 'BG/NBD and Gamma-Gamma 1' as model, null::varchar as problem, 12::bigint as customers_count, 90::bigint as holdout_days, 10::bigint as holdout_customers_count, 6::bigint as holdout_purchases_count,
    0.6 as parameter_r, 5.0 as parameter_alpha, 0.7 as parameter_a, 2.0 as parameter_b, 6.0 as parameter_p, 4.0 as parameter_q, 90.0 as parameter_gamma, 6.5 as holdout_expected_purchases, 9.5 as holdout_average_purchases,
    0.41 as holdout_error, 0.66 as holdout_average_error, 0.08 as holdout_total_error_rate, 0.58 as holdout_average_total_error_rate, true as is_latest, timestamp '2026-03-30 10:00:00' as origin_at, timestamp '2026-03-30 11:00:00' as predicted_at;
create table marts.fct_customer_value as
select customer_key, customer_id, 'BG/NBD and Gamma-Gamma 1' as model, case when orders_count > 2 then 'high' else 'low' end as predicted_value_band, 'medium' as value_band, orders_count as purchases_count, 40::bigint as recency_days, 90::bigint as observed_days,
    (orders_count * 20.5)::decimal(18, 4) as expected_value_90_amount_reporting, (orders_count * 80.5)::decimal(18, 4) as expected_value_365_amount_reporting, orders_count * 0.2::double as expected_purchases_90, orders_count * 0.8::double as expected_purchases_365,
    0.8::double as alive_probability, 0.41::double as holdout_error, 0.66::double as holdout_average_error, timestamp '2026-03-30 10:00:00' as origin_at
from marts.dim_customers where orders_count > 0 and substr(customer_key, 1, 2) <> 'o:';

-- Of a line of three units, two are proposed to leave from the other warehouse and one from its own.
create table marts.fct_routing_proposals as
select order_id, line_id, sku, place as warehouse_id, channel, ship_country, 'fewest-parcels' as policy, 'One parcel for the order. No date is promised. 4.20 EUR a parcel; lyon would cost 4.10.' as reason,
    lines.source, case when open_quantity < 3 then open_quantity when place = lines.warehouse_id then 1 else 2 end::bigint as quantity, open_quantity as undecided_quantity, 40::bigint as available_quantity,
    1::bigint as parcels_count, 4.2::decimal(18, 4) as cost_amount_reporting, 60.0::double as hours_p90, 48.0::double as hours_left, 12.5::double as cover_days, 0.02::double as gap_rate,
    case open_quantity when 1 then true when 2 then false end as is_within_promise, lines.placed_at, timestamp '2026-03-31 10:00:00' as origin_at
from marts.fct_order_lines as lines join (select order_id, ship_country from marts.fct_orders) as placed using (order_id) cross join (values ('berlin'), ('lyon')) as places (place)
where (backordered_quantity > 0 or (allocated_quantity > 0 and _record % 3 = 0)) and (open_quantity = 3 or place <> lines.warehouse_id);
create table marts.fct_prediction_runs as
select 'run' as run_id, 'build' as build_id, 12::bigint as batch_id, 'routing' as predictor, 'OR-tools CP-SAT 9.15, fewest-parcels' as model, (select count(*) from marts.fct_routing_proposals) as rows_count,
    0.0::double as age_hours, 1.5::double as compute_seconds, true as is_latest, timestamp '2026-03-31 10:00:00' as origin_at, timestamp '2026-03-31 10:01:00' as predicted_at;
create table marts.fct_lane_estimates as
select warehouse_id, ship_country, case when ship_country = 'DE' then 'lane' else 'warehouse' end as basis, count(*) as parcels_count, 60.0::double as hours_p90, 4.2::decimal(18, 4) as cost_amount_reporting
from marts.fct_shipments group by all;
create table marts.fct_lane_accuracy as
select warehouse_id, ship_country, 20::bigint as timed_count, 17::bigint as in_time_count, 20::bigint as costed_count, 84::decimal(18, 4) as estimated_cost_amount_reporting, 90::decimal(18, 4) as cost_amount_reporting, origin_date
from marts.fct_lane_estimates cross join (values (date '2026-02-03'), (date '2026-03-03')) as periods (origin_date);
-- Five units of each SKU at each warehouse before the first order, and one more each tenth day.
create table marts.fct_stock_replay as
select sku, warehouse_id, 5::bigint as quantity, date '2025-09-01' as business_date, null::date as placed_date from marts.dim_products cross join ops.warehouses
union all select sku, warehouse_id, 1, days.day::date, null from marts.dim_products cross join ops.warehouses cross join range(date '2025-10-01', date '2026-03-31', interval 10 day) as days (day);
create schema seeds;
create table seeds.currencies as select getvariable('currency') as currency, 2 as minor_digits;
