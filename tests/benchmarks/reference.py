"""The limit to measure against: plain DuckDB, the same CSV files, orders on five axes and daily revenue, nothing else.

No contracts, no quarantine, no personal data kept apart, no lineage, no increments, no tests, no history of versions:
a run pays for these features. Run as `python tests/benchmarks/reference.py FEEDS TARGET.duckdb`; with
`--load-only` it stops after `read_csv` and the typed insert.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

# Columns that are not text, as FEEDS types them; the rest is read as text.
INSTANTS = (
    "placed_at",
    "updated_at",
    "occurred_at",
    "shipped_at",
    "promised_at",
    "cancelled_at",
    "invoice_due_at",
    "payout_at",
    "created_at",
    "estimated_delivery_at",
    "expected_at",
)
AMOUNTS = (
    "shipping_amount", "shipping_tax_amount", "unit_price", "discount_amount", "tax_amount", "amount", "fee_amount",
    "cost_amount", "unit_cost", "goods_amount", "score", "scale_max",
)  # fmt: skip
UNITS = ("quantity", "cancelled_quantity", "birth_year", "lead_time_days")
FLAGS = (
    "prices_include_tax", "promise_is_date_only", "is_cancelled", "is_test", "is_gift_card", "requires_shipping",
    "marketing_consent", "is_active",
)  # fmt: skip
OTHERS = {"rate_date": "DATE", "rate": "DECIMAL(18, 8)"}
FEEDS = (
    "orders", "order_lines", "payments", "shipments", "tracking", "returns", "stock", "inbound", "products",
    "customers", "fx_rates", "carts", "feedback", "actions",
)  # fmt: skip

CURRENT = """
    create table current_orders as
    select *, min(placed_at) over versions as first_placed_at, min(promised_at) over versions as first_promised_at
    from orders
    window versions as (partition by order_id)
    qualify row_number() over (partition by order_id order by updated_at desc) = 1;

    create table current_lines as
    select * from order_lines
    qualify row_number() over (partition by order_id, line_id order by updated_at desc) = 1;
"""

PARCELS = """
    create table parcels as
    with scans as (
        select
            shipment_id,
            max(list_position(
                ['label_created', 'accepted', 'in_transit', 'out_for_delivery', 'ready_for_pickup', 'delivered',
                    'returning', 'returned'], status
            )) as furthest,
            min(occurred_at) filter (where status = 'delivered') as delivered_at,
            bool_or(status in ('cancelled', 'lost', 'returned')) as is_void
        from (select distinct * from tracking)
        group by shipment_id
    )
    select
        shipments.order_id,
        shipments.line_id,
        shipments.shipment_id,
        shipments.quantity,
        shipments.shipped_at,
        scans.delivered_at,
        coalesce(scans.furthest, 0) as furthest,
        coalesce(scans.is_void, false) as is_void
    from (select distinct * from shipments) as shipments
    left join scans using (shipment_id);
"""

MONEY = """
    create table order_money as
    select
        order_id,
        sum(amount) filter (where kind = 'authorized') as authorized_amount,
        sum(amount) filter (where kind = 'captured') as captured_amount,
        sum(amount) filter (where kind = 'refunded') as refunded_amount,
        sum(amount) filter (where kind = 'voided') as voided_amount,
        sum(amount) filter (where kind = 'chargeback') as disputed_amount,
        sum(fee_amount) as fee_amount
    from (select distinct * from payments)
    group by order_id;

    create table line_returns as
    select order_id, line_id, max(quantity) filter (where status in ('received', 'restocked')) as returned_quantity,
        max(occurred_at) filter (where status = 'received') as received_at
    from (select distinct * from returns)
    group by order_id, line_id;
"""

LINES = """
    create table lines as
    with shipped as (
        select order_id, line_id,
            sum(quantity) filter (where not is_void) as shipped_quantity,
            sum(quantity) filter (where not is_void and delivered_at is not null) as delivered_quantity,
            min(shipped_at) as first_shipped_at,
            max(delivered_at) as delivered_at
        from parcels
        group by order_id, line_id
    ),
    counted as (
        select
            current_lines.*,
            coalesce(shipped.shipped_quantity, 0) as shipped_quantity,
            coalesce(shipped.delivered_quantity, 0) as delivered_quantity,
            coalesce(line_returns.returned_quantity, 0) as returned_quantity,
            line_returns.received_at,
            shipped.first_shipped_at,
            shipped.delivered_at,
            case when current_orders.is_cancelled then current_lines.quantity - coalesce(shipped.shipped_quantity, 0)
                else least(coalesce(current_lines.cancelled_quantity, 0),
                    current_lines.quantity - coalesce(shipped.shipped_quantity, 0)) end as gone_quantity
        from current_lines
        inner join current_orders using (order_id)
        left join shipped using (order_id, line_id)
        left join line_returns using (order_id, line_id)
    )
    select
        *,
        greatest(quantity - gone_quantity - shipped_quantity, 0) as open_quantity,
        (unit_price * (quantity - gone_quantity))::decimal(18, 4) as gross_amount,
        (discount_amount * (quantity - gone_quantity) / nullif(quantity, 0))::decimal(18, 4) as discounted_amount,
        (tax_amount * (quantity - gone_quantity) / nullif(quantity, 0))::decimal(18, 4) as taxed_amount
    from counted;
"""

ORDERS = """
    create table fct_orders as
    with summed as (
        select
            order_id,
            count(*) as lines_count,
            sum(quantity) as ordered_quantity,
            sum(gone_quantity) as cancelled_quantity,
            sum(shipped_quantity) as shipped_quantity,
            sum(delivered_quantity) as delivered_quantity,
            sum(returned_quantity) as returned_quantity,
            sum(open_quantity) as open_quantity,
            sum(gross_amount) as gross_amount,
            sum(discounted_amount) as discount_amount,
            sum(gross_amount - discounted_amount) as net_amount,
            sum(taxed_amount) as tax_amount,
            min(first_shipped_at) as first_shipped_at,
            max(delivered_at) as delivered_at
        from lines
        group by order_id
    ),
    moving as (
        select order_id, min(furthest) filter (where not is_void) as least_furthest from parcels group by order_id
    ),
    due as (
        select
            current_orders.*,
            summed.* exclude (order_id),
            order_money.* exclude (order_id),
            moving.least_furthest,
            summed.net_amount + case when prices_include_tax then 0 else summed.tax_amount + shipping_tax_amount end
            + case when summed.cancelled_quantity >= summed.ordered_quantity then 0 else shipping_amount end
                as due_amount
        from current_orders
        left join summed using (order_id)
        left join order_money using (order_id)
        left join moving using (order_id)
        where not coalesce(is_test, false)
    )
    select
        * exclude (email, phone, ship_name, ship_street),
        case
            when cancelled_quantity >= ordered_quantity then 'cancelled'
            when open_quantity = 0 and delivered_quantity >= shipped_quantity and captured_amount >= due_amount
                then 'closed'
            when greatest(authorized_amount, captured_amount) >= due_amount or shipped_quantity > 0
                then 'confirmed'
            else 'placed'
        end as order_status,
        case
            when disputed_amount > 0 then 'disputed'
            when captured_amount > 0 and refunded_amount >= captured_amount then 'refunded'
            when refunded_amount > 0 then 'part_refunded'
            when captured_amount > due_amount then 'overpaid'
            when captured_amount >= due_amount then 'paid'
            when captured_amount > 0 then 'part_paid'
            when authorized_amount > 0 then 'authorized'
            else 'none'
        end as payment_status,
        case
            when ordered_quantity = cancelled_quantity then 'nothing_to_fulfil'
            when delivered_quantity >= ordered_quantity - cancelled_quantity then 'delivered'
            when delivered_quantity > 0 then 'part_delivered'
            when open_quantity = 0 then 'shipped'
            when shipped_quantity > 0 then 'part_shipped'
            else 'unfulfilled'
        end as fulfilment_status,
        coalesce(['label_created', 'accepted', 'in_transit', 'out_for_delivery', 'ready_for_pickup', 'delivered',
            'returning', 'returned'][least_furthest], 'none') as delivery_status,
        case when returned_quantity >= shipped_quantity and returned_quantity > 0 then 'returned'
            when returned_quantity > 0 then 'part_returned' else 'none' end as return_status
    from due;
"""

REVENUE = """
    create table fct_revenue_daily as
    with zoned as (
        select
            lines.*,
            fct_orders.channel, fct_orders.ship_country as country, fct_orders.currency, fct_orders.first_placed_at,
            products.category
        from lines
        inner join fct_orders using (order_id)
        left join (
            select * from products qualify row_number() over (partition by sku order by updated_at desc) = 1
        ) as products using (sku)
        where not coalesce(lines.is_gift_card, false)
    ),
    events as (
        select ((first_placed_at at time zone 'UTC') at time zone 'Europe/Berlin')::date as business_date, channel,
            country, category, currency, order_id, gross_amount as gross, discounted_amount as discount, 0 as returned,
            taxed_amount as tax, quantity - gone_quantity as units
        from zoned
        union all
        select ((received_at at time zone 'UTC') at time zone 'Europe/Berlin')::date, channel, country, category,
            currency, null, 0, 0, (gross_amount - discounted_amount) * returned_quantity / nullif(quantity, 0), 0, 0
        from zoned
        where returned_quantity > 0
    )
    select
        business_date, channel, country, category, currency,
        count(distinct order_id) as orders_count,
        sum(units) as units_quantity,
        sum(gross)::decimal(18, 4) as gross_sales_amount,
        sum(discount)::decimal(18, 4) as discounts_amount,
        sum(returned)::decimal(18, 4) as returns_amount,
        sum(gross - discount - returned)::decimal(18, 4) as net_sales_amount,
        sum(tax)::decimal(18, 4) as tax_amount
    from events
    group by all;
"""


def load(connection: duckdb.DuckDBPyConnection, feeds: Path, feed: str) -> None:
    """Load the files of one feed as one typed table."""
    pattern = str(feeds / f"{feed}-*.csv").replace("'", "''")
    header = connection.execute(f"select * from read_csv('{pattern}', all_varchar = true) limit 0")
    columns = [column[0] for column in header.description or []]
    header.fetchall()
    typed = ", ".join(f"'{column}': '{sql_type(column)}'" for column in columns)
    connection.execute(
        f"create table {feed} as select * from read_csv('{pattern}', header = true, columns = {{{typed}}})"
    )


def sql_type(column: str) -> str:
    """Return the type of a column, by its name."""
    if column in INSTANTS:
        return "TIMESTAMP"
    if column in AMOUNTS:
        return "DECIMAL(18, 4)"
    if column in UNITS:
        return "BIGINT"
    return "BOOLEAN" if column in FLAGS else OTHERS.get(column, "VARCHAR")


def build(feeds: Path, target: Path, *, load_only: bool) -> None:
    """Load every feed that there are files of, and build both marts."""
    target.unlink(missing_ok=True)
    with duckdb.connect(str(target)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        for feed in FEEDS:
            if any(feeds.glob(f"{feed}-*.csv")):
                load(connection, feeds, feed)
        if load_only:
            return
        for statements in (CURRENT, PARCELS, MONEY, LINES, ORDERS, REVENUE):
            connection.execute(statements)
        found = connection.execute("select count(*), sum(net_amount) from fct_orders").fetchall()
    print(f"fct_orders: {found[0][0]} rows, net {found[0][1]}")


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]), load_only="--load-only" in sys.argv)
