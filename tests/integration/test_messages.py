"""Tests of messages of a real home: what runs, rebuilds, rollbacks and restores tell, and what they do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from orderhouse.backup.restoring import restore
from orderhouse.backup.taking import back_up
from orderhouse.erasure import erase
from orderhouse.messages.outbox import list_messages
from orderhouse.messages.releases import release
from orderhouse.messages.service import deliver_messages, derive_messages
from orderhouse.operations.store import open_store
from orderhouse.serve.publishing import rollback
from orderhouse.settings import Settings, load_settings

from tests.integration.running import run_orderhouse
from tests.integration.small_feeds import Row, Shop, line, order, payment
from tests.messages.home import configure
from tests.messages.making import new, put
from tests.messages.sinks import MailSink

AS_OF = "2026-03-31T10:00:00Z"
NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)
SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*/*.ndjson
    covers: [orders, order_lines, payments, shipments, tracking, returns, customers, feedback, stock]
"""


def at(hours: float) -> str:
    """Return an instant some hours before the clock."""
    return (NOW - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def placed(order_id: str, hours: float, **more: object) -> Row:
    """Return an order that was placed some hours ago by somebody with an address of their own."""
    email = f"{order_id.lower()}@example.com"
    return order(order_id, placed_at=at(hours), updated_at=at(hours), email=email, ship_country="DE", **more)


def sent(order_id: str, hours: float) -> Row:
    return {
        "shipment_id": f"S-{order_id}", "line_id": "1", "order_id": order_id, "quantity": 1, "carrier": "dhl",
        "shipped_at": at(hours), "tracking_number": f"T{order_id}",
    }  # fmt: skip


def scan(order_id: str, status: str, hours: float) -> Row:
    return {"shipment_id": f"S-{order_id}", "carrier": "dhl", "tracking_number": f"T{order_id}", "status": status,
            "occurred_at": at(hours)}  # fmt: skip


def deliver(shop: Shop) -> None:
    """Deliver an order for each kind of message, and one of last year."""
    orders = [
        placed("NEW", 1), placed("SENT", 100), placed("TODAY", 100), placed("ARRIVED", 100), placed("GONE", 100),
        placed("BACK", 400), placed("LATE", 300, promised_at=at(5)), placed("OLD", 9000), placed("ERASED", 1),
    ]  # fmt: skip
    orders[4] |= {"is_cancelled": True, "cancelled_at": at(2), "updated_at": at(2)}
    shop.deliver("shop/1/orders", orders)
    shop.deliver("shop/1/order_lines", [line(each["order_id"], updated_at=each["placed_at"]) for each in orders])
    shop.deliver("shop/1/shipments", [sent("SENT", 3), sent("TODAY", 30), sent("ARRIVED", 50), sent("BACK", 350)])
    shop.deliver(
        "shop/1/tracking",
        [scan("SENT", "in_transit", 2), scan("TODAY", "out_for_delivery", 3), scan("ARRIVED", "delivered", 4),
         scan("BACK", "delivered", 300)],
    )  # fmt: skip
    back = {"return_id": "R-BACK", "order_id": "BACK", "line_id": "1", "quantity": 1}
    shop.deliver(
        "shop/1/returns",
        [back | {"status": "requested", "occurred_at": at(200)}, back | {"status": "received", "occurred_at": at(6)}],
    )
    shop.deliver(
        "shop/1/payments",
        [payment("BACK", occurred_at=at(399)),
         payment("BACK", payment_id="REFUND", kind="refunded", occurred_at=at(3))],
    )  # fmt: skip
    consents = [
        {"customer_id": "C", "updated_at": at(500), "email": "new@example.com", "name": "Nora Neu", "language": "de"}
    ]
    shop.deliver("shop/1/customers", consents)


EXPECTED = {
    ("order_confirmation", "NEW"),
    ("back_ordered", "NEW"), ("dispatched", "S-SENT"), ("out_for_delivery", "S-TODAY"), ("dispatched", "S-TODAY"),
    ("delivered", "S-ARRIVED"), ("cancelled", "GONE"), ("late", "LATE"), ("return_received", "R-BACK"),
    ("refunded", "REFUND"),
}  # fmt: skip


@pytest.fixture(scope="module")
def mail() -> object:
    with MailSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, mail: MailSink) -> Shop:
    """Return a shop that told its customers once; one of them was erased before."""
    shop = Shop(tmp_path_factory.mktemp("messages"), SOURCES, AS_OF)
    deliver(shop)
    settings = settings_of(shop)
    configure(settings, mail.server)
    derive_messages(settings, now=NOW - timedelta(days=30))
    shop.run()
    erase(settings, "erased@example.com", "email")
    tell(settings)
    return shop


def settings_of(shop: Shop) -> Settings:
    return load_settings(home=shop.home, sources=shop.folder / "sources.yaml")


def tell(settings: Settings) -> int:
    """Derive and deliver what is due, and return the number of messages that were sent."""
    derive_messages(settings, now=NOW)
    result, closed = deliver_messages(settings, now=NOW)
    assert not result.errors and not result.is_busy and not closed
    return result.sent


def told(settings: Settings) -> set[tuple[str, str]]:
    return {(each.kind, each.subject_id) for each in list_messages(open_store(settings), state="sent")}


def test_each_kind_is_told_of_the_real_models(shop: Shop, mail: MailSink) -> None:
    assert told(settings_of(shop)) == EXPECTED
    assert len(mail.got) == len(EXPECTED)
    to = {str(recipients[0]) for recipients, _ in mail.got}
    assert "erased@example.com" not in to and "old@example.com" not in to
    erased = list_messages(open_store(settings_of(shop)), order_id="ERASED")
    assert {(each.state, each.reason) for each in erased} == {("suppressed", "the person was erased")}
    nora, _ = [message for recipients, message in mail.got if recipients == ["new@example.com"]]
    assert "Guten Tag Nora Neu," in nora.get_body(("plain",)).get_content()


def test_rerun_rebuild_and_rollback_tell_nothing(shop: Shop, mail: MailSink) -> None:
    settings, before = settings_of(shop), len(mail.got)
    shop.deliver("shop/2/tracking", [scan("SENT", "in_transit", 1)])
    shop.run()
    assert tell(settings) == 0
    rollback(settings, 1)
    assert tell(settings) == 0
    rollback(settings, 2)
    run_orderhouse("build", "--full", "--as-of", AS_OF, home=shop.home)
    run_orderhouse("audit", home=shop.home)
    run_orderhouse("publish", home=shop.home)
    assert tell(settings) == 0
    assert len(mail.got) == before


def test_restored_home_waits_for_its_release_and_repeats_nothing(shop: Shop, mail: MailSink, tmp_path: Path) -> None:
    back_up(settings_of(shop), str(tmp_path / "backups"), wait_seconds=60)
    settings, before = load_settings(home=tmp_path / "restored"), len(mail.got)
    restore(settings, str(tmp_path / "backups"))
    store = open_store(settings)
    assert told(settings) == EXPECTED
    put(store, new(1, "anybody", "email", channel="email", audience="customer", kind="late", payload={"version": 1}))
    assert deliver_messages(settings, now=NOW)[1] == "the home was restored from a backup"
    assert len(list_messages(store, state="pending")) == 1
    release(settings, store, sends=True)
    assert tell(settings) == 0
    assert len(mail.got) == before
