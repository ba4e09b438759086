"""Acting on many lines of the page Fulfilment and many returns of the page Returns: ticked ones, or all that match."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.actions.acting import act
from orderhouse.actions.requests import Request, Subject, new_request_id
from orderhouse.settings import Settings

from tests.dashboards.conftest import Open, said, table_with
from tests.dashboards.published_home import publish
from tests.dashboards.test_acting import records
from tests.dashboards.test_numbers import ask


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Publish a home of its own, where every third return waits for a decision."""
    path = publish(tmp_path)
    with duckdb.connect(str(path)) as published:
        for table in ("marts.fct_returns", "ops.returns"):
            published.execute(f"update {table} set return_status = 'requested' where hash(order_id) % 3 = 0").fetchall()
        published.execute("update marts.fct_returns set outcome = 'open' where return_status = 'requested'").fetchall()
    return tmp_path


def hold(home: Path, order_id: str) -> None:
    """Hold an order as another person."""
    request = Request(new_request_id(), "hold", (Subject(order_id=order_id),), reason="Wait")
    act(Settings(home=home), actor="tom", role=BUILT_IN["operator"], request=request)


def test_all_matching_lines_are_routed_and_each_line_has_its_answer(home: Path, open_page: Open) -> None:
    lines = ask(
        home,
        "select order_id, line_id from ops.order_lines where allocated_quantity > 0 order by all",
    )
    app = open_page(home, "fulfilment", line_state="allocated")
    app.checkbox(key="all_matching").check().run()
    app.button(key="act_route").click().run()
    hold(home, lines[0][0])  # between the look and the click
    app.selectbox(key="warehouse_route").select("lyon")
    app.button(key="send_route").click().run()
    routed = [each for each in records(home) if each["kind"] == "route"]
    moved = [key for key in lines if key[0] == lines[0][0]]
    assert {(each["order_id"], each["line_id"]) for each in routed} == set(lines) - set(moved)
    assert {each["warehouse_id"] for each in routed} == {"lyon"} and len(routed) > 5
    for order_id, line_id in moved:
        assert f"order {order_id}, line {line_id}: it has changed since you saw it" in said(app)
    assert f"{len(routed):,} of {len(lines):,}" in said(app)


def test_ticked_line_is_cancelled_with_all_its_open_units(home: Path, open_page: Open) -> None:
    app = open_page(home, "fulfilment")
    assert app.button(key="act_cancel_line").disabled
    table = table_with(app, "allocated_quantity", "line_id")
    app.session_state["open_lines.grid"] = {"ticked": table.ids[:1]}
    app.run()
    app.button(key="act_cancel_line").click().run()
    app.button(key="send_cancel_line").click().run()
    (record,) = records(home)
    assert (record["order_id"], record["line_id"]) == (table.rows[0]["order_id"], table.rows[0]["line_id"])
    assert "quantity" not in record


def test_all_waiting_returns_are_declined_once_for_each_order(home: Path, open_page: Open) -> None:
    waiting = ask(home, "select order_id from marts.fct_returns where outcome = 'open'")
    orders = {order_id for (order_id,) in waiting}
    assert len(waiting) > len(orders) > 3
    app = open_page(home, "returns", return_state="Open")
    app.checkbox(key="all_matching").check().run()
    app.button(key="act_decline_return").click().run()
    app.button(key="send_decline_return").click().run()
    assert "Write the reason first" in said(app) and records(home) == []
    app.text_area(key="text_decline_return").input("Worn")
    app.button(key="send_decline_return").click().run()
    assert sorted(str(each["order_id"]) for each in records(home)) == sorted(orders)
    assert f"{len(orders):,} of {len(orders):,}" in said(app)


def test_role_without_the_right_is_told_why(home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from shared import people

    (home / "access.yaml").write_text("mode: oidc\npeople: {ann@example.com: agent}\n")
    signed = {"is_logged_in": True, "email": "ann@example.com", "sub": "ann", "iat": time.time()}
    monkeypatch.setattr(people, "claims", lambda: signed)
    returns, lines = open_page(home, "returns"), open_page(home, "fulfilment")
    assert returns.button(key="act_approve_return").help == "Not possible: the role agent may not do it."
    assert lines.button(key="act_route").help == "Not possible: the role agent may not do it."
    assert lines.button(key="act_cancel_line").help == "Not possible: no row is chosen."


def test_many_customers_are_told_of_a_cancellation_only_after_a_choice(home: Path, open_page: Open) -> None:
    app = open_page(home, "fulfilment")
    app.checkbox(key="all_matching").check().run()
    app.button(key="act_cancel_line").click().run()
    app.button(key="send_cancel_line").click().run()
    assert "Choose if the customers are told" in said(app) and records(home) == []
    app.radio(key="tell_cancel_line").set_value("No")
    app.button(key="send_cancel_line").click().run()
    landed = records(home)
    assert len(landed) > 20 and {each["tells_customer"] for each in landed} == {False}


def test_customer_of_one_order_is_told_unless_somebody_says_no(home: Path, open_page: Open) -> None:
    ((order_id,),) = ask(home, "select min(order_id) from ops.orders where stage = 'placed'")
    app = open_page(home, "orders", order=order_id)
    app.button(key="act_hold").click().run()
    assert not [each for each in app.radio if each.key == "tell_hold"]
    app = open_page(home, "orders", order=order_id)
    app.button(key="act_cancel").click().run()
    assert app.radio(key="tell_cancel").value == "Yes"
    app.text_area(key="text_cancel").input("Twice").run()
    app.button(key="send_cancel").click().run()
    assert "tells_customer" not in records(home)[0]
