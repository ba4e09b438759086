"""Actions from the command line to the system that owns the order, and the rows of its feeds that confirm them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from orderhouse.messages.outbox import list_messages
from orderhouse.messages.service import deliver_messages, derive_messages
from orderhouse.operations.store import open_store
from orderhouse.settings import Settings

from tests.integration.running import run_orderhouse
from tests.integration.small_feeds import Shop, line, order, payment
from tests.messages.sinks import HttpSink

NOW = datetime.now(UTC)
SOURCES = """
sources:
  shop:
    format: canonical
    path: shop/*/*.ndjson
    covers: [orders, order_lines, payments, shipments, returns]
    actions_to: {channel: erp, since: 2026-01-01, kinds: [hold, cancel, note]}
"""
# Two days from now: every action of the test is older than 24 hours, and none older than 72.
AS_OF = (NOW + timedelta(days=2)).isoformat(timespec="seconds")
STATES = """
    select order_id, kind, order_source, is_sent_back, is_confirmable, confirmed_at is not null
    from ops.actions order by all
"""
EXCEPTIONS = "select order_id, severity, detail from ops.exceptions where code = 'action_unconfirmed' order by all"


@pytest.fixture(scope="module")
def told() -> Iterator[HttpSink]:
    """Run the system that owns the orders."""
    with HttpSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, told: HttpSink) -> Shop:
    """Return a shop that was told of actions, and whose feed then says that one order is cancelled."""
    shop = Shop(tmp_path_factory.mktemp("write_back"), SOURCES, AS_OF)
    names = ("held", "dropped", "noted", "released")
    shop.deliver("shop/1/orders", [order(name) for name in names])
    shop.deliver("shop/1/order_lines", [line(name) for name in names])
    shop.deliver("shop/1/payments", [payment(name) for name in names])
    shop.run()
    (shop.home / "messages.yaml").write_text(f"channels:\n  erp: {{type: webhook, url: '{told.address}'}}\n")
    settings = _settings(shop)
    send(settings)
    for kind, name in (("hold", "held"), ("cancel", "dropped"), ("note", "noted"), ("confirm", "released")):
        run_orderhouse("act", kind, name, "--reason", "because", home=shop.home)
    shop.run()
    assert send(settings) == 3
    later = (NOW + timedelta(hours=1)).isoformat()
    shop.deliver("shop/2/orders", [order("dropped", updated_at=later, is_cancelled=True, cancelled_at=later)])
    shop.run()
    return shop


def _settings(shop: Shop) -> Settings:
    return Settings(home=shop.home, sources=shop.folder / "sources.yaml")


def send(settings: Settings) -> int:
    """Derive and deliver, and return the number of messages that were sent."""
    derive_messages(settings)
    result, closed = deliver_messages(settings)
    assert not closed and not result.errors
    return result.sent


def test_owner_of_the_orders_is_told_each_action_of_its_kinds_once_with_its_reason(shop: Shop, told: HttpSink) -> None:
    bodies = sorted((body["data"]["kind"], body["data"]["order_id"], body["data"]["reason"]) for _, body in told.got)
    assert bodies == [("cancel", "dropped", "because"), ("hold", "held", "because"), ("note", "noted", "because")]
    assert send(_settings(shop)) == 0 and len(told.got) == 3
    assert "because" not in "".join(message.as_json() for message in list_messages(open_store(_settings(shop))))


def test_published_actions_say_who_owns_the_order_and_what_a_feed_confirms(shop: Shop) -> None:
    assert shop.published(STATES) == [
        ("dropped", "cancel", "shop", True, True, True),
        ("held", "hold", "shop", True, True, False),
        ("noted", "note", "shop", True, False, False),
        ("released", "confirm", "shop", False, True, False),
    ]


def test_what_no_feed_confirms_in_time_is_an_exception(shop: Shop) -> None:
    ((order_id, severity, detail),) = shop.published(EXCEPTIONS)
    assert (order_id, severity) == ("held", "medium")
    assert detail.startswith("No row of shop confirms hold by ")


def test_the_declaration_with_a_mistake_is_refused_with_its_line(shop: Shop) -> None:
    wrong = Shop(shop.folder / "wrong", SOURCES.replace("note]", "holt]"), AS_OF)
    wrong.folder.mkdir()
    printed = run_orderhouse("ingest", "--sources", str(wrong.declare()), home=shop.home, expect=2)
    assert "sources.yaml:7: source shop" in printed and "did you mean 'hold'?" in printed
