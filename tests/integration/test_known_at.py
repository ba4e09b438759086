"""Tests of `--known-at`: the tables are those of a home that got only the files received until then."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from tests.integration.published_tables import differing_tables, table_hashes
from tests.integration.running import run_orderhouse, same_keys
from tests.integration.small_feeds import Row, Shop, line, order, payment, scan, shipment

AS_OF = "2026-04-01T00:00:00Z"
SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*/*.ndjson
"""
RATE = {"rate_date": "2026-03-02", "base": "EUR", "quote": "USD"}
RETURNED = {"return_id": "r1", "order_id": "sent", "line_id": "1", "quantity": 1, "occurred_at": "2026-03-10T12:00:00Z"}
DELIVERIES: list[dict[str, list[Row]]] = [
    {
        "orders": [order("sent", customer_id="ada", email="ada@example.com"), order("usd", currency="USD")],
        "order_lines": [line("sent"), line("usd"), line("bad", quantity="two"), line("late")],
        "payments": [payment("sent"), payment("usd", currency="USD")],
        "fx_rates": [{**RATE, "rate": "1.10"}],
        "products": [{"sku": "mug", "updated_at": "2026-01-01T00:00:00Z", "name": "Mug", "category": "kitchen"}],
    },
    {
        "orders": [order("late"), order("bad"), order("sent", updated_at="2026-03-03T00:00:00Z", channel="app")],
        "shipments": [shipment("sent")],
        "tracking": [scan("sent", "delivered", "2026-03-05T12:00:00Z")],
    },
    {
        "order_lines": [line("usd", updated_at="2026-03-04T00:00:00Z", quantity=1)],
        "returns": [{**RETURNED, "status": "received"}, {**RETURNED, "status": "restocked"}],
        "fx_rates": [{**RATE, "rate": "1.25"}],
        "products": [{"sku": "mug", "updated_at": "2026-03-01T00:00:00Z", "name": "Mug", "category": "table"}],
    },
]


def deliver(shop: Shop, number: int) -> None:
    """Write one delivery into the landing folder."""
    for feed, rows in DELIVERIES[number].items():
        shop.deliver(f"shop/{number}/{feed}", rows)


@dataclass(frozen=True)
class Known:
    """A home that got every delivery, a repair and an erasure, and the instant after each delivery."""

    shop: Shop
    instants: list[str]

    def ask(self, query: str, number: int) -> list[Row]:
        """Query the tables as known after a delivery."""
        arguments = ("--known-at", self.instants[number], "--as-of", AS_OF, "--format", "json")
        printed = run_orderhouse("sql", query, *arguments, home=self.shop.home)
        rows: list[Row] = json.loads(printed[printed.index("[") :])
        return rows

    def file(self, number: int) -> Path:
        """Return the file of the tables as known after a delivery."""
        self.ask("select 1 as one", number)
        return max((self.shop.home / "known").glob("known-*.duckdb"), key=lambda path: path.stat().st_mtime)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    shop = Shop(tmp_path_factory.mktemp("known"), SOURCES, AS_OF)
    instants = []
    for number in range(len(DELIVERIES)):
        deliver(shop, number)
        shop.command("ingest")
        instants.append(_last_receipt(shop))
        if number == 1:
            given = ("--source", "shop", "--set", "quantity=3", "--why", "typo", "--who", "mia", "--yes")
            run_orderhouse("quarantine", "repair", *given, home=shop.home)
    run_orderhouse("erase", "ada", "--yes", home=shop.home)
    return Known(shop, instants)


def _last_receipt(shop: Shop) -> str:
    with duckdb.connect(str(shop.home / "warehouse" / "raw.duckdb"), read_only=True) as raw:
        instant: datetime = raw.execute("select max(finished_at) from raw.raw.batches").fetchall()[0][0]
    return f"{instant.isoformat()}Z"


def test_tables_known_after_each_delivery_are_those_of_a_home_that_got_no_more(known: Known, tmp_path: Path) -> None:
    fresh = Shop(tmp_path, SOURCES, AS_OF)
    same_keys(known.shop.home, fresh.home)
    for number in (0, 1):
        deliver(fresh, number)
        fresh.build()
        built = table_hashes(fresh.home / "warehouse" / "warehouse.duckdb")
        assert differing_tables(built, table_hashes(known.file(number))) == []
    assert "marts.fct_orders" in differing_tables(table_hashes(known.file(0)), table_hashes(known.file(1)))


def test_what_came_later_is_not_known_yet(known: Known) -> None:
    states = "select order_id, channel, fulfilment_status, return_status from marts.fct_orders order by 1"
    assert known.ask(states, 0)[0] == {
        "order_id": "sent", "channel": "web", "fulfilment_status": "not_tracked", "return_status": "not_tracked"
    }  # fmt: skip
    assert [row["order_id"] for row in known.ask(states, 1)] == ["bad", "late", "sent", "usd"]
    assert known.ask("select sum(ordered_quantity)::bigint as units from marts.fct_order_lines", 1) == [{"units": 6}]
    assert known.ask("select state from quality.quarantine", 1) == [{"state": "open"}]


def test_values_of_an_erased_person_do_not_come_back(known: Known) -> None:
    for path in (known.shop.home / "known").glob("known-*"):
        assert b"ada@example.com" not in path.read_bytes()


def test_the_same_question_is_answered_from_the_kept_tables(known: Known) -> None:
    kept = known.file(1)
    changed = kept.stat().st_ctime_ns, kept.stat().st_size
    printed = run_orderhouse("order", "sent", "--known-at", known.instants[1], "--as-of", AS_OF, home=known.shop.home)
    assert "Order sent" in printed
    assert "Building" not in printed
    assert kept.stat().st_size == changed[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--known-at", "2001-01-01T00:00:00Z"), "Nothing was known at 2001-01-01 00:00:00 UTC"),
        (("--known-at", "2999-01-01T00:00:00Z"), "is in the future"),
        (("--known-at", "2026-03-01"), "has no offset"),
        (("--known-at", "soon"), "is not an instant"),
        (("--as-of", AS_OF), "fixes the clock of `--known-at`"),
        (("--known-at", "2026-03-01T00:00:00Z", "--version", "1"), "exclude each other"),
    ],
)
def test_an_instant_that_cannot_be_answered_is_refused_in_a_sentence(
    known: Known, arguments: tuple[str, ...], sentence: str
) -> None:
    printed = run_orderhouse("sql", "select 1", *arguments, home=known.shop.home, expect=2)
    assert sentence in " ".join(printed.split())
