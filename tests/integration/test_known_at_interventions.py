"""Tests of `--known-at` between an erasure and a closing before, and a late version and a repair after the instant.

The home itself published the right answer at the instant: the version of that time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration.published_tables import differing_tables, table_hashes
from tests.integration.running import published_file, run_orderhouse
from tests.integration.small_feeds import Shop, line, order, payment, shipment

AS_OF = "2026-04-10T12:00:00Z"
SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*/*.ndjson
    covers: [orders, order_lines, payments, shipments, actions]
"""


@dataclass(frozen=True)
class Intervened:
    """A home, and its version after an erasure and a closing, before a repair."""

    shop: Shop
    published: Path
    instant: str


@pytest.fixture(scope="module")
def intervened(tmp_path_factory: pytest.TempPathFactory) -> Intervened:
    """Return a shop that erased a person and closed March, and then got a late version and a repair."""
    shop = Shop(tmp_path_factory.mktemp("intervened"), SOURCES, AS_OF)
    ada = {"customer_id": "ada", "email": "ada@example.com"}
    shop.deliver("shop/1/orders", [order("hers", **ada), order("calm")])
    shop.deliver("shop/1/order_lines", [line("hers"), line("calm"), line("calm", "2", quantity="two")])
    shop.deliver("shop/1/payments", [payment("hers"), payment("calm")])
    shop.deliver("shop/1/shipments", [shipment("calm")])
    shop.run()
    run_orderhouse("erase", "ada", "--yes", home=shop.home)
    run_orderhouse("close", "2026-03", "--who", "mia", home=shop.home)
    shop.deliver("shop/2/orders", [order("again", **ada)])
    shop.deliver("shop/2/order_lines", [line("again")])
    shop.run()
    published, instant = published_file(shop.home), datetime.now(UTC).isoformat()
    shop.deliver("shop/3/order_lines", [line("calm", updated_at="2026-04-05T12:00:00Z", unit_price="35.00")])
    shop.command("ingest")
    repair = ("--source", "shop", "--set", "quantity=3", "--why", "typo", "--who", "mia", "--yes")
    run_orderhouse("quarantine", "repair", *repair, home=shop.home)
    return Intervened(shop, published, instant)


def test_tables_known_between_interventions_are_those_published_then(intervened: Intervened) -> None:
    home = intervened.shop.home
    run_orderhouse("sql", "select 1", "--known-at", intervened.instant, "--as-of", AS_OF, home=home)
    (known,) = (home / "known").glob("known-*.duckdb")
    assert differing_tables(table_hashes(known), table_hashes(intervened.published)) == []
    assert intervened.shop.published("select month from marts.fct_closed_months") == [("2026-03",)]
