"""Actions from the command line to the published version: landed, pending, folded in once, accepted or rejected."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.actions.acting import act
from orderhouse.actions.landing import land, landing_lock
from orderhouse.actions.pending import pending_actions
from orderhouse.actions.requests import Request, Subject, new_request_id
from orderhouse.operations.revealing import reveal
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

from tests.integration.running import run_orderhouse
from tests.integration.small_feeds import Shop, line, order, order_of, payment

AS_OF = "2026-03-10T12:00:00Z"
SOURCES = """
sources:
  shop: {format: canonical, path: shop/*/*.ndjson, covers: [orders, order_lines, payments, shipments, returns, actions]}
"""
# What a source sends, which no page has judged.
ROUTE = {
    "order_id": "astray", "line_id": "1", "kind": "route", "quantity": 3, "actor": "till", "role": "operator",
    "occurred_at": "2026-03-05T12:00:00Z",
}  # fmt: skip
ROUTES = "select warehouse_id, rejection from ops.actions where kind = 'route' order by all"
ASTRAY = "no feed knows the warehouse"
NOTE = "Mrs Miller is moving on Friday"
ADDRESS = "Quittenbaum an der Elbe"


def pending_in(settings: Settings) -> list[str]:
    """Return the kinds of the pending actions."""
    with open_reader(settings) as published:
        return [
            each.kind for each in pending_actions(settings, lambda sql, p: published.execute(sql, list(p)).fetchall())
        ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a shop in which operators acted before its second run, and a copy of whose actions came once more."""
    shop = Shop(tmp_path_factory.mktemp("actions"), SOURCES, AS_OF)
    names = (
        "held",
        "dropped",
        "promised",
        "routed",
        "changed_meanwhile",
        "back",
        "back_approved",
        "to_change",
        "astray",
    )
    shop.deliver("shop/1/orders", [order(name) for name in names])
    lines = [line("held", quantity=3, warehouse_id="west"), *(line(name, quantity=3) for name in names[1:])]
    shop.deliver("shop/1/order_lines", lines)
    shop.deliver("shop/1/payments", [payment(name, "90.00") for name in names[1:]])
    shop.run()
    settings = Settings(home=shop.home)

    def command(*arguments: str, expect: int = 0) -> str:
        return run_orderhouse("act", *arguments, home=shop.home, expect=expect)

    command("hold", "held", "changed_meanwhile", "--reason", NOTE)
    command("cancel_line", "dropped", "--line", "1", "--quantity", "2")
    command("change_promise", "promised", "--promise", "2099-01-01")
    command("route", "routed", "--line", "1", "--warehouse", "west")
    assert "no feed knows the warehouse" in command("route", "routed", "--line", "1", "--warehouse", "wset", expect=2)
    refused = command("release", "promised", "nowhere", expect=2)
    assert "2 actions refused" in refused and "the order was not on hold" in refused and "not known" in refused
    assert "may not do it" in command("hold", "promised", "--as-role", "viewer", expect=2)
    assert pending_in(settings) == ["hold", "hold", "cancel_line", "change_promise", "route"]
    _customers_ask(settings)
    assert "approve_return" in command("approve_return", "back_approved")
    ((unpaid,),) = shop.published("select exception_id from ops.exceptions where order_id = 'held' and code = 'unpaid'")
    command("assign", unpaid, "--assignee", "tom")
    command("note", unpaid, "--exception", "--reason", NOTE)
    command("snooze", unpaid, "--until", "2099-01-01")
    # The source cancels one order before the action, and the run learns of both at once.
    gone = order("changed_meanwhile", updated_at="2026-03-03T12:00:00Z", is_cancelled=True)
    shop.deliver("shop/2/orders", [gone])
    for path in sorted(settings.actions.glob("*.ndjson")):
        shutil.copy(path, path.with_name(path.name.replace("actions-", "actions-copy-")))
    shop.deliver("shop/2/actions", [ROUTE | {"action_id": each, "warehouse_id": each} for each in ("north", "south")])
    shop.run()
    assert shop.published(ROUTES) == [("north", ASTRAY), ("south", ASTRAY), ("west", None)]
    shop.deliver("shop/3/order_lines", [line("other", sku="bowl", warehouse_id="north")])
    shop.run()
    return shop


def _customers_ask(settings: Settings) -> None:
    """Land what customers ask for, as the portal lands it."""
    now = datetime.now(UTC)
    asked: list[dict[str, Any]] = [
        {"kind": "request_return", "order_id": "back", "line_id": "1", "quantity": 2, "reason": "damaged"},
        {"kind": "request_return", "order_id": "back_approved", "line_id": "1", "quantity": 1},
        {"kind": "request_change", "order_id": "to_change", "payload": json.dumps({"ship_city": ADDRESS})},
    ]
    by = {"actor": "customer", "role": "customer", "occurred_at": now.isoformat()}
    with landing_lock(settings):
        land(settings, new_request_id(), [{"action_id": new_request_id(), **by, **each} for each in asked], now)


def test_actions_count_once_and_are_no_longer_pending(shop: Shop) -> None:
    assert pending_in(Settings(home=shop.home)) == []
    sql = "select kind, count(*), count(distinct action_id) from ops.actions group by kind order by all"
    assert shop.published(sql) == [
        ("approve_return", 1, 1), ("assign", 1, 1), ("cancel_line", 1, 1), ("change_promise", 1, 1), ("hold", 2, 2),
        ("note", 1, 1), ("request_change", 1, 1), ("request_return", 2, 2), ("route", 3, 3), ("snooze", 1, 1),
    ]  # fmt: skip


def test_order_is_held_cut_promised_and_routed_as_the_operator_said(shop: Shop) -> None:
    assert order_of(shop, "held", "order_status") == ("on_hold",)
    assert order_of(shop, "dropped", "cancelled_quantity, open_quantity") == (2, 1)
    assert str(order_of(shop, "promised", "cast(current_promised_at as date)")[0]) in ("2099-01-01", "2099-01-02")
    assert shop.published("select warehouse_id from ops.order_lines where order_id = 'routed'") == [("west",)]


def test_action_that_had_become_impossible_is_rejected_with_its_reason(shop: Shop) -> None:
    rejected = (
        "select order_id, actor is not null, rejection from ops.actions where not is_accepted and kind <> 'route'"
    )
    assert shop.published(rejected) == [("changed_meanwhile", True, "the order had already been cancelled")]


def test_route_to_a_warehouse_counts_once_a_feed_knows_it(shop: Shop) -> None:
    assert shop.published(ROUTES) == [("north", None), ("south", ASTRAY), ("west", None)]
    detail = "select detail from ops.exceptions where code = 'rejected_action' and order_id = 'astray'"
    assert [ASTRAY in found for (found,) in shop.published(detail)] == [True]
    assert shop.published("select * from ops.warehouses order by all") == [("north",), ("west",)]


def test_a_routed_line_is_explained_without_the_rows_that_make_its_warehouse_known(shop: Shop) -> None:
    cell = ("fct_order_lines", "order_id=astray", "line_id=1", "warehouse_id")
    assert shop.published("select warehouse_id from marts.fct_order_lines where order_id = 'astray'") == [("north",)]
    printed = run_orderhouse("explain", *cell, "--no-effects", home=shop.home)
    assert "Derived again from its own rows: equal." in printed


def test_exception_is_given_noted_and_out_of_the_worklist_until_its_day(shop: Shop) -> None:
    columns = "assignee, notes_count, is_snoozed, is_in_worklist"
    sql = f"select {columns} from ops.exceptions where order_id = 'held' and code = 'unpaid'"
    assert shop.published(sql) == [("tom", 1, True, False)]


def test_what_a_customer_asks_for_is_in_the_worklist_until_it_is_decided(shop: Shop) -> None:
    sql = """
        select code, order_id, severity, owner, amount_at_stake, is_in_worklist, detail from ops.exceptions
        where code in ('return_requested', 'cancel_requested', 'change_requested') order by all
    """
    assert shop.published(sql) == [
        ("change_requested", "to_change", "high", "customer_service", Decimal("90"), True,
         "The customer asks for another address or day of delivery"),
        ("return_requested", "back", "medium", "returns", Decimal("60"), True,
         "The customer asks to return 2 units of line 1"),
    ]  # fmt: skip
    assert shop.published("select is_accepted from ops.actions where kind = 'approve_return'") == [(True,)]
    ((token,),) = shop.published("select payload_token from ops.actions where kind = 'request_change'")
    asked = reveal(Settings(home=shop.home), actor="mia", role=BUILT_IN["agent"], tokens=[token], reason="new address")
    assert json.loads(asked[token]) == {"ship_city": ADDRESS}


def test_operators_own_actions_are_no_events_of_the_future(shop: Shop) -> None:
    assert shop.published("select order_id from ops.exceptions where code = 'future_event'") == []


def test_note_is_in_the_vault_alone(shop: Shop) -> None:
    settings = Settings(home=shop.home)
    for file in (settings.raw_db, settings.work_db, settings.warehouse_db, *settings.published.glob("*.duckdb")):
        assert b"Miller" not in file.read_bytes() and ADDRESS.encode() not in file.read_bytes()
    ((token,),) = shop.published("select distinct reason_token from ops.actions where kind in ('hold', 'note')")
    assert reveal(settings, actor="mia", role=BUILT_IN["agent"], tokens=[token], reason="call back") == {token: NOTE}


def test_later_action_meets_the_order_as_it_is_now(shop: Shop) -> None:
    settings = Settings(home=shop.home)

    def do(kind: str, subject: str, **more: Any) -> str | None:
        request = Request(new_request_id(), kind, (Subject(subject),), **more)
        return act(settings, actor="tom", role=BUILT_IN["operator"], request=request)[0].refusal

    assert do("hold", "changed_meanwhile") == "the order had already been cancelled"
    assert "change nothing" in str(do("hold", "held"))
    assert do("release", "held") is None
    assert do("approve_return", "held") == "no return had been requested"
    assert do("approve_return", "back") is None
    assert do("decline", "held", reason="no") == "the customer had asked for nothing before dispatch"
    assert do("decline", "to_change", reason="too late") is None
    assert pending_in(settings) == ["release", "approve_return", "decline"]


def test_landed_records_name_the_person_and_the_role(shop: Shop) -> None:
    files = sorted(Settings(home=shop.home).actions.glob("actions-2*.ndjson"))
    records = [json.loads(text) for path in files for text in path.read_text().splitlines()]
    assert {each["role"] for each in records} <= {"admin", "operator", "customer"}
    assert all(each["actor"] for each in records)
