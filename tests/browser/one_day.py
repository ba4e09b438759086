"""A shop of one day: what its web shop, its warehouse and its carrier send, and the servers that its people use."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from orderhouse.settings import Settings

from tests.intake.sending import served, shopify_headers
from tests.integration.small_feeds import Row, Shop, line, order, payment, scan, shipment
from tests.messages.sinks import MailSink

__all__ = [
    "ACCESS",
    "AS_OF",
    "BAD",
    "CUSTOMERS",
    "HELD",
    "LATE",
    "NEWCOMER",
    "PEOPLE",
    "POSTCODE",
    "SENT",
    "SHORT",
    "SOURCES",
    "Day",
    "deliver_files",
    "messages",
    "send_webhooks",
]

AS_OF = "2026-04-10T12:00:00Z"
SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  web_shop:
    format: shopify_orders
    path: web_shop/**/*.json
    intake: {kind: shopify, secret_env: SHOP_SECRET}
  erp:
    format: canonical
    path: erp/*/*.ndjson
    covers: [orders, order_lines, payments, shipments, tracking, returns, stock, customers, actions]
"""
PEOPLE = {
    "agent": "ada@example.com",
    "operator": "otto@example.com",
    "finance": "fay@example.com",
    "marketing": "mia@example.com",
    "admin": "ines@example.com",
}
NEWCOMER = "nils@example.com"
ACCESS = "mode: oidc\npeople:\n" + "".join(f"  {email}: {role}\n" for role, email in PEOPLE.items())
# Orders of the web shop: one to be held, one that was sent. Of the warehouse: late, paid too little, in quarantine.
HELD, SENT = 1001, 1002
LATE, SHORT, BAD = "E-1", "E-2", "E-3"
PARCEL, POSTCODE = "JJD0001", "10115"
# The arms follow from the names of customers and campaign: these give each arm of `spring` members.
CUSTOMERS = 12


@dataclass(frozen=True)
class Day:
    """The shop, and the addresses of its servers."""

    shop: Shop
    settings: Settings
    pages: str
    portal: str
    mails: MailSink

    def tracking_id(self, order_id: str) -> str:
        """Return the tracking id of an order, which stands in the mail that confirms it."""
        ((found,),) = self.shop.published("select tracking_id from ops.orders where order_id = ?", order_id)
        return str(found)


def web_order(number: int, sku: str, *, email: str, placed_at: str, **changes: Any) -> Row:
    """Return an order of the web shop over two units at thirty euros, as its webhook sends it."""
    return {
        "id": number,
        "name": f"#{number}",
        "order_number": number,
        "created_at": placed_at,
        "processed_at": placed_at,
        "updated_at": placed_at,
        "currency": "EUR",
        "source_name": "web",
        "email": email,
        "test": False,
        "financial_status": "paid",
        "total_price": "60.00",
        "shipping_address": {"city": "Berlin", "zip": POSTCODE, "country_code": "DE"},
        "line_items": [{"id": 1, "sku": sku, "title": sku.title(), "quantity": 2, "price": "30.00"}],
        "shipping_lines": [],
        "fulfillments": [],
        "refunds": [],
        **changes,
    }  # fmt: skip


def paid(number: int, at: str) -> Row:
    """Return the payment of an order of the web shop, as its webhook sends it."""
    return {
        "id": 500_000 + number, "order_id": number, "kind": "sale", "status": "success", "amount": "60.00",
        "currency": "EUR", "gateway": "shopify_payments", "created_at": at, "processed_at": at,
    }  # fmt: skip


def webhooks() -> list[Row]:
    """Return what the web shop sends: an order that waits, one that was delivered, and their payments."""
    sent = {
        "id": 801, "order_id": SENT, "status": "success", "created_at": "2026-04-03T08:00:00Z",
        "updated_at": "2026-04-03T08:00:00Z", "tracking_company": "DHL", "tracking_number": PARCEL,
        "tracking_numbers": [PARCEL], "line_items": [{"id": 1, "sku": "TEAPOT", "quantity": 2}],
    }  # fmt: skip
    return [
        web_order(HELD, "MUG", email="ann@example.org", placed_at="2026-04-09T10:00:00Z"),
        paid(HELD, "2026-04-09T10:00:05Z"),
        web_order(SENT, "TEAPOT", email="bea@example.org", placed_at="2026-04-02T10:00:00Z", fulfillments=[sent]),
        paid(SENT, "2026-04-02T10:00:05Z"),
    ]


def send_webhooks(shop: Shop) -> list[str]:
    """Send the webhooks to the intake, signed as the web shop signs them, and return the answers."""
    shop.declare()
    with served(shop.folder) as intake:
        return [_post(f"{intake.address}/webhooks/web_shop", json.dumps(each).encode()) for each in webhooks()]


def _post(address: str, body: bytes) -> str:
    request = urllib.request.Request(address, body, shopify_headers(body))  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return str(json.load(answer)["status"])


def deliver_files(shop: Shop) -> None:
    """Write what the warehouse and the carrier send: a late order at an empty shelf, a short payment, a bad row."""
    late = {"placed_at": "2026-03-28T12:00:00Z", "promised_at": "2026-04-03T12:00:00Z"}
    shop.deliver("erp/1/orders", [order(LATE, **late), order(SHORT), order(BAD, currency="EURO")])
    shop.deliver(
        "erp/1/order_lines",
        [line(LATE, sku="MUG", warehouse_id="west"), line(SHORT, sku="TEAPOT"), line(BAD, sku="TEAPOT")],
    )
    shop.deliver(
        "erp/1/payments",
        [payment(LATE, occurred_at="2026-03-28T12:05:00Z"), payment(SHORT, amount="50.00"), payment(BAD)],
    )
    shop.deliver("erp/1/shipments", [shipment(SHORT, sku="TEAPOT", warehouse_id="north")])
    parcel = {"carrier": "DHL", "tracking_number": PARCEL}
    shop.deliver(
        "erp/1/tracking",
        [
            scan(SHORT, "delivered", "2026-03-05T12:00:00Z"),
            {**parcel, "status": "in_transit", "occurred_at": "2026-04-04T12:00:00Z"},
            {**parcel, "status": "delivered", "occurred_at": "2026-04-05T12:00:00Z"},
        ],
    )
    shop.deliver(
        "erp/1/stock", [count(*each) for each in (("MUG", "west", 0), ("MUG", "north", 10), ("TEAPOT", "north", 10))]
    )
    shop.deliver("erp/1/customers", [customer(number) for number in range(CUSTOMERS)])


def count(sku: str, warehouse: str, units: int) -> Row:
    """Return what a count found on a shelf before the first order."""
    return {
        "movement_id": f"{sku} {warehouse}", "sku": sku, "warehouse_id": warehouse, "kind": "count",
        "quantity": units, "occurred_at": "2026-03-01T06:00:00Z",
    }  # fmt: skip


def customer(number: int) -> Row:
    """Return a customer who agreed to get marketing."""
    return {
        "customer_id": f"c{number}", "updated_at": "2026-03-01T12:00:00Z", "email": f"c{number}@example.org",
        "country": "DE", "language": "en", "marketing_consent": True,
    }  # fmt: skip


def messages(server: str) -> str:
    """Return a messages file whose mails go to a server of this machine, at every hour of the day."""
    return f"""
portal_url: https://track.example.com
quiet_hours: {{from: "03:00", to: "03:00"}}
channels:
  email: {{server: "{server}", security: none, sender: "Shop <shop@example.com>"}}
"""
