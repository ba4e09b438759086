"""Routing from the feeds to the assigned warehouse: proposals, their acceptance on the page, and the commands."""

from __future__ import annotations

from typing import Any

import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.actions.acting import act
from orderhouse.actions.requests import Request, Subject, new_request_id
from orderhouse.settings import Settings

from tests.dashboards.conftest import opener, said, table_with, tables_of
from tests.integration.running import run_orderhouse
from tests.integration.small_feeds import Row, Shop, line, order, payment, scan, shipment

AS_OF = "2026-03-10T12:00:00Z"
SOURCES = """
sources:
  shop:
    format: canonical
    path: shop/*.ndjson
    covers: [orders, order_lines, payments, shipments, tracking, stock]
"""
EARLY = {"placed_at": "2026-03-02T12:00:00Z", "updated_at": "2026-03-02T12:00:00Z"}
LATE = {"placed_at": "2026-03-09T12:00:00Z", "updated_at": "2026-03-09T12:00:00Z"}
STOCK = (
    ("cup", "ams", 5), ("cup", "ber", 5), ("jar", "ber", 9), ("mug", "ams", 3), ("mug", "ber", 5), ("pen", "ams", 4),
    ("lamp", "ams", 2), ("lamp", "ber", 1),
)  # fmt: skip
# Lines that wait for a warehouse, and what is proposed for them: one parcel for `two`, and all lamps for `wide`.
WAITING = (("two", "1", "mug", 2), ("two", "2", "pen", 2), ("wide", "1", "lamp", 3), ("later", "1", "mug", 1))
PROPOSED = [("two", "1", "ams", 2), ("two", "2", "ams", 2), ("wide", "1", "ams", 2), ("wide", "1", "ber", 1)]
PROPOSALS = """
    select order_id, line_id, warehouse_id, quantity from marts.fct_routing_proposals
    where order_id <> 'later' order by all
"""


def _sent(parcel: str, order_id: str, line_id: str, sku: str, quantity: int, warehouse: str) -> Row:
    return shipment(
        order_id, shipment_id=f"ship-{parcel}", line_id=line_id, sku=sku, quantity=quantity, warehouse_id=warehouse,
        cost_amount="5.00", cost_currency="EUR",
    )  # fmt: skip


def _delivered(parcel: str) -> Row:
    """Return the scan of a delivery one day after the parcel left."""
    return scan(parcel, "delivered", "2026-03-04T12:00:00Z")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a shop that has run once: two orders were sent, and three wait for a warehouse."""
    shop = Shop(tmp_path_factory.mktemp("routing"), SOURCES, AS_OF)
    names = dict.fromkeys(name for name, *_ in WAITING)
    past = [
        order("past", promised_at="2026-03-04T12:00:00Z", **EARLY | {"placed_at": "2026-03-02T11:00:00Z"}),
        order("much", promised_at="2026-03-03T12:00:00Z", **EARLY),
    ]
    shop.deliver("shop/orders", past + [order(name, **LATE) for name in names])
    lines = [line("past", "1", sku="cup", quantity=1), line("past", "2", sku="jar", quantity=1)]
    lines += [line("much", sku="jar", quantity=9)]
    lines += [line(name, number, sku=sku, quantity=units) for name, number, sku, units in WAITING]
    shop.deliver("shop/order_lines", lines)
    amounts = {"past": "60.00", "much": "270.00", "two": "120.00", "wide": "90.00", "later": "30.00"}
    shop.deliver("shop/payments", [payment(name, amount) for name, amount in amounts.items()])
    # Of nine jars eight left. The cup and the jar of `past` left apart.
    parcels = [_sent("a", "past", "1", "cup", 1, "ams"), _sent("b", "past", "2", "jar", 1, "ber")]
    shop.deliver("shop/shipments", [*parcels, _sent("c", "much", "1", "jar", 8, "ber")])
    shop.deliver("shop/tracking", [_delivered(each) for each in ("a", "b", "c")])
    receipts = [
        {"movement_id": f"{sku}-{place}", "sku": sku, "warehouse_id": place, "kind": "receipt", "quantity": units,
         "occurred_at": "2026-02-20T10:00:00Z"}
        for sku, place, units in STOCK
    ]  # fmt: skip
    shop.deliver("shop/stock", receipts)
    shop.command("run", "--as-of", AS_OF)
    return shop


def routing(shop: Shop, *arguments: str, expect: int = 0) -> str:
    """Run a command of routing, and return its output with single blanks."""
    return " ".join(run_orderhouse("routing", *arguments, home=shop.home, expect=expect).split())


def test_lines_without_a_warehouse_have_proposals_and_those_without_stock_have_none(shop: Shop) -> None:
    assert shop.published(PROPOSALS) == PROPOSED
    assert shop.published("select order_id from marts.fct_routing_proposals where sku = 'jar'") == []


def test_list_prints_the_proposals_with_their_reasons(shop: Shop) -> None:
    listed = routing(shop, "list")
    assert "order line SKU warehouse units parcels why" in listed
    assert "two 1 mug ams 2 1 One parcel for the order. No date is promised." in listed
    assert "wide 1 lamp ber 1 2 One of 2 parcels of the order; the others leave from ams." in listed
    assert "wide" not in routing(shop, "list", "two")
    assert routing(shop, "list", "--limit", "1").count("parcel for the order") == 1
    assert "There are no proposals for the order nowhere." in routing(shop, "list", "nowhere")
    assert "no role" in routing(shop, "list", "--as-role", "nobody", expect=2)


def test_solve_prints_what_another_policy_gives_and_stores_nothing(shop: Shop) -> None:
    before = shop.published("select count(*) from marts.fct_prediction_runs")
    solved = routing(shop, "solve", "--policy", "cheapest")
    assert "wide 1 lamp ber 1 2 0.0" in solved
    assert "5 proposals in" in solved and "the plan is proved to be the best." in solved
    assert shop.published("select count(*) from marts.fct_prediction_runs") == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("solve", "--policy", "cheapst"), "'cheapst' is neither a policy"),
        (("solve", "--policy", "cheapst"), "Did you mean cheapest?"),
        (("solve", "--policy", "date,date"), "names an aim twice"),
        (("simulate", "--from", "May", "--to", "2026-03-02"), "'May' is no day. Write one such as 2026-03-31."),
        (("simulate", "--from", "2026-03-02", "--to", "2026-03-01"), "--to 2026-03-01 is before --from 2026-03-02"),
        (("simulate", "--from", "2024-01-01", "--to", "2026-03-01"), "A replay takes 400 days at most."),
        (("simulate", "--from", "2026-01-01", "--to", "2026-01-02"), "No order with tracked stock was placed"),
        (("simulate", "--from", "2026-03-02", "--to", "2026-03-02", "--policy", "best"), "'best' is neither a policy"),
        (
            ("simulate", "--from", "2026-03-02", "--to", "2026-03-02", "--patience", "0"),
            "should be greater than or equal to 1",
        ),
        (("simulate", "--from", "2026-03-02"), "Missing option '--to'"),
    ],
)
def test_bad_input_ends_in_a_sentence(shop: Shop, arguments: tuple[str, ...], sentence: str) -> None:
    printed = routing(shop, *arguments, expect=2)
    assert sentence in printed and "Traceback" not in printed


def test_commands_on_a_home_without_a_build_say_what_to_do(tmp_path: Any) -> None:
    home = Shop(tmp_path, SOURCES, AS_OF)
    assert "Run `orderhouse build` first." in routing(home, "solve", expect=2)
    days = ("--from", "2026-03-02", "--to", "2026-03-02")
    for command in (("list",), ("simulate", *days)):
        assert "Run `orderhouse run` first." in routing(home, *command, expect=2)


def test_simulation_replays_the_sent_orders_against_the_stock_before_them(shop: Shop) -> None:
    """The order `past` fits into one parcel from Berlin, but its cup is also in Amsterdam, which comes first.

    Ten jars were ordered and nine were there. A parcel takes a day and costs 5.00. `much` was promised for 12 hours
    after the day on which it was placed, and `past` for 36.
    """
    days = ("--from", "2026-03-02", "--to", "2026-03-03")
    printed = routing(shop, "simulate", *days)
    assert "2 orders placed from 2026-03-02 to 2026-03-03, 11 units" in printed
    assert "fewest-parcels 2 50.0% 10.00 EUR 0 1 0.0%" in printed
    assert "nearest 3 66.7% 15.00 EUR 0 1 nothing weighed" in printed
    cancelled = routing(shop, "simulate", *days, "--patience", "1", "--policy", "cost,date")
    assert "cheapest 2 50.0% 10.00 EUR 1 0 0.0%" in cancelled
    assert "nearest" not in cancelled


def test_accepted_proposals_become_the_warehouses_of_their_lines(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    open_page = opener(monkeypatch)
    app = open_page(shop.home, "routing")
    accepted = PROPOSED[:3]
    names = {"\x1f".join(each[:3]) for each in accepted}
    app.session_state["routing_proposals.grid"] = {"ticked": sorted(names)}
    app.run()
    app.button(key="act_route").click().run()
    app.button(key="send_route").click().run()
    assert "3 of 3. It is pending until the next run." in said(app)
    waiting = table_with(open_page(shop.home, "routing", routing_state="accepted"), "accepted_by", "warehouse_id")
    assert set(waiting.ids) == names
    order_page = said(open_page(shop.home, "orders", order="two"))
    assert "**Route** 2 units line 1 to ams by" in order_page and "**Route** 2 units line 2 to ams by" in order_page

    shop.command("run", "--as-of", AS_OF)
    assert shop.published("select line_id, warehouse_id from ops.order_lines where order_id = 'two' order by all") == [
        ("1", "ams"),
        ("2", "ams"),
    ]
    # Two lamps are decided. The third still waits for Berlin, and the orders that nobody accepted are as before.
    assert shop.published(PROPOSALS) == [("wide", "1", "ber", 1)]
    assert shop.published("select count(*) from marts.fct_routing_proposals where order_id = 'later'") == [(1,)]
    timeline = "select order_id, detail from ops.order_timeline where feed = 'actions' and event = 'route' order by all"
    assert shop.published(timeline) == [
        (name, f"{units} units of line {number} to {place}") for name, number, place, units in accepted
    ]
    assert "2 units of line 1 to ams" in str(tables_of(open_page(shop.home, "orders", order="two")))
    taken = table_with(open_page(shop.home, "routing", routing_view="Routes taken"), "rejection", "actor")
    assert {(row["order_id"], row["line_id"], row["state"]) for row in taken.rows} == {
        ("two", "1", "Waiting"),
        ("two", "2", "Waiting"),
        ("wide", "1", "Waiting"),
    }
    assert "Routing of order two" in said(gone := open_page(shop.home, "routing", proposals_of="two"))
    assert "No unit of this order waits" in said(gone)
    stale = Subject("two", "1", warehouse_id="ams", quantity=2)
    request = Request(new_request_id(), "route", (stale,), accepts_proposals=True)
    (answer,) = act(Settings(home=shop.home), actor="tom", role=BUILT_IN["operator"], request=request)
    assert answer.refusal == "the line waits for no warehouse any more: it is routed already"
