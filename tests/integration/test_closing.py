"""Tests of closed months: a closing is an action, and later changes are restatements with their causes."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from orderhouse.operations.audit_log import entries
from orderhouse.serve.closing import freeze_closed
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import open_raw

from tests.integration.running import run_orderhouse
from tests.integration.small_feeds import Shop, line, order, payment, shipment

AS_OF = "2026-04-10T12:00:00Z"
SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*/*.ndjson
    covers: [orders, order_lines, payments, shipments, returns, fx_rates, actions]
"""
RATE = {"rate_date": "2026-03-02", "base": "EUR", "quote": "USD"}
RETURNED = {
    "return_id": "r1", "order_id": "sent", "line_id": "1", "quantity": 1, "occurred_at": "2026-03-20T12:00:00Z"
}  # fmt: skip
CLOSING = {"kind": "close_month", "subject_kind": "period", "actor": "controller", "role": "finance"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a shop whose March was closed, and then got a late return, a late version and a corrected rate.

    An earlier release had closed its February. Actions of the feed close March again and close April too early.
    """
    shop = Shop(tmp_path_factory.mktemp("closing"), SOURCES, AS_OF)
    shop.deliver(
        "shop/1/orders",
        [
            order("early", placed_at="2026-02-02T12:00:00Z", updated_at="2026-02-02T12:00:00Z"),
            *[
                order(name, **more)
                for name, more in (("sent", {}), ("usd", {"currency": "USD"}), ("calm", {"channel": "app"}))
            ],
        ],
    )
    shop.deliver("shop/1/order_lines", [line("early"), line("sent"), line("usd"), line("calm")])
    shop.deliver("shop/1/payments", [payment("sent")])
    shop.deliver("shop/1/shipments", [shipment("sent")])
    shop.deliver("shop/1/fx_rates", [{**RATE, "rate": "1.20"}])
    shop.run()
    with contextlib.closing(open_raw(Settings(home=shop.home))) as raw:
        raw.execute(
            "insert into raw.closed_months by name select '2026-02' as month, ? as closed_at, 'ida' as closed_by, "
            "(select max(batch_id) from raw.batches) as batch_id",
            [datetime.now(UTC).replace(tzinfo=None)],
        )
    printed = run_orderhouse("close", "2026-03", "--who", "mia", home=shop.home)
    assert "The next run takes the action in" in printed
    assert "is being closed" in run_orderhouse("close", "2026-03", home=shop.home, expect=2)
    late = {"occurred_at": datetime.now(UTC).isoformat()}
    shop.deliver(
        "shop/2/actions",
        [
            {**CLOSING, "action_id": "again", "subject_id": "2026-03", **late},
            {**CLOSING, "action_id": "too_early", "subject_id": "2030-01", **late},
        ],
    )
    shop.deliver("shop/2/returns", [{**RETURNED, "status": "received"}, {**RETURNED, "status": "restocked"}])
    shop.deliver("shop/2/order_lines", [line("usd", updated_at="2026-04-05T12:00:00Z", quantity=3)])
    shop.build()
    shop.deliver("shop/3/fx_rates", [{**RATE, "rate": "1.50"}, {**RATE, "rate": "1.20"}])
    shop.run()
    return shop


def restated(shop: Shop, measure: str, figure: str = "revenue", clock: str = "placed") -> list[tuple[Any, ...]]:
    """Return the restatements of a measure in March, without those that changed in the reporting currency alone."""
    return shop.published(
        "select business_date::varchar, subject_id, closed_amount, current_amount, difference_amount "
        "from marts.fct_restatements where month = '2026-03' and figure = ? and measure = ? "
        "and coalesce(recognition_clock, ?) = ? and difference_amount <> 0 order by all",
        figure, measure, clock, clock,
    )  # fmt: skip


def causes(shop: Shop, subject: str) -> list[tuple[str, str]]:
    """Return feed and place of the records that changed a subject."""
    return shop.published(
        "select feed, regexp_extract(path, '[^/]*/[^/]*$') || ':' || _record from marts.fct_restatement_causes "
        "where month = '2026-03' and subject_id = ? order by all",
        subject,
    )


def test_a_late_return_restates_its_day_and_is_named_as_the_cause(shop: Shop) -> None:
    assert restated(shop, "returns") == [("2026-03-20", "sent", 0, 30, 30)]
    assert causes(shop, "sent") == [("returns", "2/returns.ndjson:1"), ("returns", "2/returns.ndjson:2")]


def test_a_closing_that_was_stored_and_refused_does_not_wait_for_ever(shop: Shop) -> None:
    stored = Settings(home=shop.home).actions / "20260401T000000000000Z-close_month-2026-01.loaded"
    stored.write_text("{}\n")
    try:
        said = run_orderhouse("close", "2026-01", home=shop.home, expect=2)
    finally:
        stored.unlink()
    assert "2026-01 has no revenue" in said


def test_a_late_version_restates_the_day_of_the_sale(shop: Shop) -> None:
    assert restated(shop, "gross_sales") == [("2026-03-02", "usd", 60, 90, 30)]
    assert ("order_lines", "2/order_lines.ndjson:1") in causes(shop, "usd")


def test_a_late_rate_restates_the_reporting_currency(shop: Shop) -> None:
    found = shop.published(
        "select closed_amount_reporting, current_amount_reporting from marts.fct_restatements where month = '2026-03' "
        "and measure = 'gross_sales' and recognition_clock = 'placed' and subject_id = 'usd'"
    )
    assert found[0][0] == Decimal(50)
    assert found[0][1] in (Decimal(60), Decimal(75))
    assert any(feed == "fx_rates" for feed, _ in causes(shop, "usd"))


def test_accounts_of_the_journal_and_orders_are_restated_too(shop: Shop) -> None:
    assert ("2026-03-20", "sent", 0, 30, 30) in restated(shop, "balance", "journal")
    assert restated(shop, "due", "orders") == [("2026-03-02", "usd", 60, 90, 30)]


def test_what_nothing_touched_is_not_restated(shop: Shop) -> None:
    found = shop.published("select distinct subject_id from marts.fct_restatements order by all")
    assert found == [("sent",), ("usd",)]


def test_the_actions_of_a_closing_are_listed_in_the_order_of_arrival(shop: Shop) -> None:
    found = shop.published(
        "select subject_kind, subject_id, actor, role, is_accepted, rejection from ops.actions "
        "where kind = 'close_month' order by _batch_id, occurred_at, action_id"
    )
    assert found == [
        ("period", "2026-02", "ida", "finance", True, None),
        ("period", "2026-03", "mia", "finance", True, None),
        ("period", "2026-03", "controller", "finance", False, "the month had already been closed"),
        ("period", "2030-01", "controller", "finance", False, "the month had not ended"),
    ]


def test_the_audit_log_tells_the_closing_from_the_refused_one(shop: Shop) -> None:
    told = [
        (each.action, each.subject, json.loads(each.detail).get("why")) for each in entries(Settings(home=shop.home))
    ]
    assert told[:2] == [
        ("close_month", "2026-03", None),
        ("close_month_refused", "2026-03", "2026-03 is being closed: `orderhouse run` takes the action in."),
    ]


def test_a_month_that_an_earlier_release_closed_stays_closed(shop: Shop) -> None:
    found = shop.published(
        "select month, actor, is_frozen, restated_figures_count from marts.fct_closed_months order by 1"
    )
    assert [row[:3] for row in found] == [("2026-02", "ida", True), ("2026-03", "mia", True)]
    assert found[0][3] == 0
    assert found[1][3] > 0


def test_closed_figures_are_those_known_at_the_instant_of_the_closing(shop: Shop) -> None:
    """The action that came with later rows closes with what was known at its instant, as the command did."""
    with contextlib.closing(open_raw(Settings(home=shop.home), read_only=True)) as raw:
        found = raw.execute(
            "select closings.month, sum(amount) from raw.closed_figures inner join raw.closings using (action_id) "
            "where figure = 'revenue' and measure = 'gross_sales' and recognition_clock = 'placed' "
            "group by all order by all"
        ).fetchall()
    # March has the figures of both actions, the accepted and the rejected one: 180.00 each.
    assert found == [("2026-02", 60), ("2026-03", 360)]


def test_a_closing_is_frozen_once(shop: Shop) -> None:
    assert freeze_closed(Settings(home=shop.home)) == []


def test_the_command_lists_figures_with_file_and_line(shop: Shop) -> None:
    printed = run_orderhouse("restatements", "2026-03", home=shop.home, COLUMNS="250")
    assert "returns.ndjson:1" in printed
    assert "gross_sales" in printed
    assert "Nothing in 2026-02 has changed" in run_orderhouse("restatements", "2026-02", home=shop.home)


@pytest.mark.parametrize(
    ("command", "month", "sentence"),
    [
        ("close", "2026-03", "was closed at"),
        ("close", "2026-04", "has not ended"),
        ("close", "2027-01", "has not ended"),
        ("close", "2026-01", "has no revenue"),
        ("close", "March", "is not a month"),
        ("restatements", "2026-01", "is not closed"),
    ],
)
def test_a_month_that_cannot_be_closed_is_refused_in_a_sentence(
    shop: Shop, command: str, month: str, sentence: str
) -> None:
    assert sentence in " ".join(run_orderhouse(command, month, home=shop.home, expect=2).split())
