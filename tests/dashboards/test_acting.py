"""Acting on the order page: buttons with their reasons, the form, and what is pending."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from orderhouse.actions.landing import landed_names
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import Open, said
from tests.dashboards.published_home import publish


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Publish a home of its own: tests write into it."""
    publish(tmp_path)
    return tmp_path


def order_in(home: Path, stage: str) -> str:
    """Return an order in a stage."""
    with open_reader(Settings(home=home)) as published:
        return str(published.execute("select min(order_id) from ops.orders where stage = ?", [stage]).fetchall()[0][0])


def records(home: Path) -> list[dict[str, object]]:
    """Return all landed records."""
    settings = Settings(home=home)
    lines = [line for name in landed_names(settings) for line in (settings.actions / name).read_text().splitlines()]
    return [json.loads(line) for line in lines]


def act(app: AppTest, kind: str, text: str = "") -> AppTest:
    """Open the form of an action, write the text, and send it."""
    app.button(key=f"act_{kind}").click().run()
    if text:
        app.text_area(key=f"text_{kind}").input(text)
    return app.button(key=f"send_{kind}").click().run()


def test_hold_lands_with_its_reason_and_is_pending_at_once(home: Path, open_page: Open) -> None:
    order = order_in(home, "ready_to_ship")
    app = act(open_page(home, "orders", order=order), "hold", "Address looks wrong")
    assert "has landed" in said(app) and "Pending until the next run" in said(app)
    (record,) = records(home)
    assert (record["order_id"], record["kind"], record["reason"]) == (order, "hold", "Address looks wrong")
    assert str(record["seen_version"]).startswith("order_status=confirmed;")
    # Everybody else sees it too, without the text.
    other = open_page(home, "orders", order=order)
    assert "**Hold** by" in said(other) and "Address looks wrong" not in said(other)


def test_hold_without_a_reason_lands_nothing(home: Path, open_page: Open) -> None:
    app = act(open_page(home, "orders", order=order_in(home, "ready_to_ship")), "hold")
    assert "Write the reason first" in said(app)
    assert records(home) == []


def test_button_that_would_be_refused_is_disabled_and_says_why(home: Path, open_page: Open) -> None:
    app = open_page(home, "orders", order=order_in(home, "in_transit"))
    assert (app.button(key="act_release").disabled, app.button(key="act_cancel").disabled) == (True, True)
    assert app.button(key="act_cancel").help == "Not possible: the order had already been shipped."
    assert not app.button(key="act_hold").disabled


def test_order_that_somebody_else_held_meanwhile_is_not_held_again(home: Path, open_page: Open) -> None:
    order = order_in(home, "ready_to_ship")
    mine = open_page(home, "orders", order=order)
    mine.button(key="act_cancel").click().run()
    act(open_page(home, "orders", order=order), "hold", "Wait")
    mine.text_area(key="text_cancel").input("Customer called")
    mine.button(key="send_cancel").click().run()
    assert "it has changed since you saw it" in said(mine)
    assert [each["kind"] for each in records(home)] == ["hold"]


def test_units_of_a_line_are_cancelled_with_their_number(home: Path, open_page: Open) -> None:
    order = order_in(home, "ready_to_ship")
    act(open_page(home, "orders", order=order), "cancel_line")
    (record,) = records(home)
    assert (record["kind"], record["line_id"]) == ("cancel_line", "1")
    assert isinstance(record["quantity"], int) and record["quantity"] >= 1


def test_ticked_exceptions_are_given_to_a_person_in_one_request(home: Path, open_page: Open) -> None:
    app = open_page(home, "exceptions")
    app.checkbox(key="all_matching").check().run()
    app.button(key="act_assign").click().run()
    app.text_input(key="assignee_field").input("tom")
    app.button(key="send_assign").click().run()
    with open_reader(Settings(home=home)) as published:
        ids = {name for (name,) in published.execute("select exception_id from ops.exceptions").fetchall()}
    assert {str(each["subject_id"]) for each in records(home)} == ids
    assert {each["assignee"] for each in records(home)} == {"tom"}
    assert f"{len(ids):,} of {len(ids):,}" in said(app)


def test_exception_is_snoozed_from_its_own_page_and_the_next_one_follows(home: Path, open_page: Open) -> None:
    with open_reader(Settings(home=home)) as published:
        worst = "amount_at_stake_reporting desc, opened_at"
        sql = f"select exception_id, subject_id from ops.exceptions where code = 'late' order by {worst}"
        names, orders = zip(*published.execute(sql).fetchall(), strict=True)
    app = open_page(home, "exceptions", code="late", exception=names[0])
    assert app.title[0].value.startswith("Late")
    act(app, "snooze")
    (record,) = records(home)
    assert (record["kind"], record["subject_id"], record["snoozed_until"]) == ("snooze", names[0], "2026-04-01")
    assert "**Snooze** until 2026-04-01" in said(app)
    assert f"**Snooze** has landed: Late of {orders[0]}." in said(app)
    next(button for button in app.button if button.label == "Next").click().run()
    assert app.query_params["exception"] in (names[1], [names[1]])


def test_exceptions_offer_nothing_to_tick_to_a_role_without_the_right(
    home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from shared import people

    (home / "access.yaml").write_text("mode: oidc\npeople: {eve@example.com: viewer}\n")
    signed = {"is_logged_in": True, "email": "eve@example.com", "sub": "eve", "iat": time.time()}
    monkeypatch.setattr(people, "claims", lambda: signed)
    app = open_page(home, "exceptions")
    assert app.button(key="act_resolve").disabled
    assert app.button(key="act_resolve").help == "Not possible: the role viewer may not do it."
    order = open_page(home, "orders", order=order_in(home, "ready_to_ship"))
    assert {
        button.key for button in order.button if str(button.key).startswith("act_") and not button.disabled
    } == set()


def test_view_is_saved_and_opens_with_its_filters(home: Path, open_page: Open) -> None:
    app = open_page(home, "exceptions", code="late")
    app.text_input(key="view_name_exceptions").input("Late ones")
    next(button for button in app.button if button.label == "Save").click().run()
    other = open_page(home, "exceptions")
    next(button for button in other.button if button.label == "Late ones").click().run()
    assert other.query_params["code"] in ("late", ["late"])


def test_many_orders_are_held_at_once_and_each_row_has_its_answer(home: Path, open_page: Open) -> None:
    app = open_page(home, "orders", stage="ready_to_ship")
    app.checkbox(key="all_matching").check().run()
    held = order_in(home, "ready_to_ship")
    act(open_page(home, "orders", order=held), "hold", "Wait")
    act(app, "hold", "Stock take")
    assert "has landed" in said(app) and f"order {held}: it would change nothing" in said(app)
    assert len({str(each["order_id"]) for each in records(home)}) == len(records(home)) > 5
