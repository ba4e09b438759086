"""Page Routing: proposals with their filters, acceptance of one and of many, refusals, routes taken, and estimates."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.actions.acting import act
from orderhouse.actions.requests import Request, Subject, new_request_id
from orderhouse.settings import Settings
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import Open, Table, open_row, said, table_with, tables_of
from tests.dashboards.published_home import publish
from tests.dashboards.test_acting import records
from tests.dashboards.test_numbers import ask

PROPOSED = """
    select order_id, line_id, warehouse_id, quantity from marts.fct_routing_proposals
    order by order_id, line_id, warehouse_id
"""
# A line with two proposals.
SPLIT = """
    select order_id, line_id from marts.fct_routing_proposals group by all having count(*) = 2 order by all limit 1
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Publish a home of its own."""
    publish(tmp_path)
    return tmp_path


def change(home: Path, sql: str) -> None:
    """Change a table of the published version."""
    with duckdb.connect(str(home / "published" / "warehouse-1.duckdb")) as published:
        published.execute(sql).fetchall()


def proposals(app: AppTest) -> Table:
    """Return the list of proposals."""
    return table_with(app, "warehouse_id", "promise", "state")


def tick(app: AppTest, *ids: str) -> AppTest:
    """Tick rows of the list, and open the form."""
    app.session_state["routing_proposals.grid"] = {"ticked": list(ids)}
    app.run()
    return app.button(key="act_route").click().run()


def accept(app: AppTest) -> AppTest:
    """Send the open form."""
    return app.button(key="send_route").click().run()


def route(home: Path, order_id: str, line_id: str, **more: object) -> None:
    """Route a line as another person."""
    given = {"warehouse_id": "berlin", **more}
    request = Request(new_request_id(), "route", (Subject(order_id, line_id),), **given)  # type: ignore[arg-type]
    act(Settings(home=home), actor="tom", role=BUILT_IN["operator"], request=request)


def test_list_shows_each_proposal_with_its_reasons_and_how_it_was_made(published: Path, open_page: Open) -> None:
    app = open_page(published, "routing")
    ((total, orders, units),) = ask(
        published, "select count(*), count(distinct order_id), sum(quantity) from marts.fct_routing_proposals"
    )
    page, row = said(app).replace("\xa0", " "), proposals(app).rows[0]
    assert f"**1–{total} of {total}** proposals" in page and total > 5
    assert f"Orders {orders}" in page and f"Units {units}" in page
    assert "under the policy fewest-parcels, by OR-tools CP-SAT 9.15 in 1.5 s" in page
    assert "could be at most 2.0 % better" in page and "2 deterministic seconds" in page
    assert (row["cost_amount_reporting"], row["cover_days"], row["parcels_count"]) == ("4.20", "12", "1")
    assert row["state"] == "Open"
    oldest = ask(published, "select order_id from marts.fct_routing_proposals order by placed_at, order_id")[0]
    assert (row["order_id"],) == oldest


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"routing_warehouse": "lyon"}, "proposals.warehouse_id = 'lyon'"),
        ({"routing_from": "lyon"}, "lines.warehouse_id = 'lyon'"),
        ({"routing_promise": "late"}, "not is_within_promise"),
        ({"routing_promise": "none"}, "is_within_promise is null"),
        ({"routing_channel": "web"}, "proposals.channel = 'web'"),
    ],
)
def test_filters_show_the_proposals_that_match(
    query: dict[str, str], where: str, published: Path, open_page: Open
) -> None:
    sql = f"""
        select count(*) from marts.fct_routing_proposals as proposals
        join ops.order_lines as lines using (order_id, line_id) where {where}
    """  # noqa: S608 - a fixed condition
    ((expected,),) = ask(published, sql)
    assert expected > 0
    assert len(proposals(open_page(published, "routing", **query)).rows) == expected


def test_search_finds_the_proposals_of_an_order(published: Path, open_page: Open) -> None:
    order_id, line_id, *_ = ask(published, PROPOSED)[0]
    found = proposals(open_page(published, "routing", routing_search=order_id.lower()))
    assert {row["order_id"] for row in found.rows} == {order_id}


def test_two_routes_of_one_line_and_one_of_another_order_are_accepted_in_one_request(
    home: Path, open_page: Open
) -> None:
    ((order_id, line_id),) = ask(home, SPLIT)
    app = open_page(home, "routing")
    split = [name for name in proposals(app).ids if name.startswith(f"{order_id}\x1f{line_id}\x1f")]
    other = next(name for name in proposals(app).ids if not name.startswith(order_id))
    app = accept(tick(app, *split, other))
    assert "3 of 3. It is pending until the next run." in said(app)
    wanted = [row for row in ask(home, PROPOSED) if "\x1f".join(row[:3]) in (*split, other)]
    landed = [(each["order_id"], each["line_id"], each["warehouse_id"], each["quantity"]) for each in records(home)]
    assert sorted(landed) == wanted
    assert len({each["action_id"] for each in records(home)}) == 3
    # They are no longer among the open ones, and stand among the accepted ones with who took them.
    assert not {*split, other} & set(proposals(app).ids)
    taken = proposals(open_page(home, "routing", routing_state="accepted"))
    assert set(taken.ids) == {*split, other} and {row["state"] for row in taken.rows} == {"Accepted"}
    assert {row["accepted_by"] for row in taken.rows} == {str(records(home)[0]["actor"])}
    assert "**Route** 2 units line" in said(open_page(home, "orders", order=order_id))


def test_all_matching_proposals_are_accepted_and_only_the_changed_ones_refused(home: Path, open_page: Open) -> None:
    app = open_page(home, "routing")
    everything = ask(home, PROPOSED)
    app.checkbox(key="all_matching").check().run()
    app.button(key="act_route").click().run()
    order_id, line_id = everything[0][:2]
    route(home, order_id, line_id)  # between the look and the click
    app = accept(app)
    moved = [each for each in everything if each[0] == order_id]
    assert len(records(home)) == 1 + len(everything) - len(moved)
    assert f"order {order_id}, line {line_id} from {moved[0][2]}: it has changed since you saw it: tom: route" in said(
        app
    )


def test_proposal_whose_stock_another_route_takes_is_refused(home: Path, open_page: Open) -> None:
    order_id, line_id, warehouse, quantity = ask(home, PROPOSED)[0]
    ((sku,),) = ask(home, f"select sku from ops.order_lines where order_id = '{order_id}' and line_id = '{line_id}'")  # noqa: S608
    ((other, other_line),) = ask(
        home,
        "select order_id, line_id from ops.order_lines where allocated_quantity > 0 "  # noqa: S608 - an id
        f"and warehouse_id <> '{warehouse}' and order_id <> '{order_id}' order by all limit 1",
    )
    change(home, f"update marts.fct_routing_proposals set available_quantity = {quantity}")  # noqa: S608
    change(home, f"update marts.fct_order_lines set sku = '{sku}' where order_id = '{other}'")  # noqa: S608
    app = tick(open_page(home, "routing"), f"{order_id}\x1f{line_id}\x1f{warehouse}")
    route(home, other, other_line, warehouse_id=warehouse, quantity=1)
    left = f"{quantity - 1} unit{'' if quantity == 2 else 's'}"
    assert f"{warehouse} has {left} of {sku} left, and {quantity} are asked for" in said(accept(app))
    assert len(records(home)) == 1


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (
            "delete from marts.fct_routing_proposals where order_id = '{order}'",
            "no warehouse has stock for it any more",
        ),
        (
            "delete from marts.fct_routing_proposals where order_id = '{order}'; "
            "update marts.fct_order_lines set backordered_quantity = 0, allocated_quantity = open_quantity "
            "where order_id = '{order}'",
            "the line waits for no warehouse any more: it is routed already",
        ),
        (
            "update marts.fct_routing_proposals set warehouse_id = 'oslo' where order_id = '{order}'",
            "the proposal has changed: units are to leave from oslo now",
        ),
        (
            "update marts.fct_order_lines set shipped_quantity = ordered_quantity, open_quantity = 0 "
            "where order_id = '{order}'",
            "every unit of the line had already been shipped",
        ),
    ],
)
def test_proposal_that_a_new_version_has_not_is_refused_in_a_sentence(
    sql: str, sentence: str, home: Path, open_page: Open
) -> None:
    order_id, line_id, warehouse, _ = ask(home, PROPOSED)[0]
    app = tick(open_page(home, "routing"), f"{order_id}\x1f{line_id}\x1f{warehouse}")
    path = publish(home, number=2)
    with duckdb.connect(str(path)) as published:
        published.execute(sql.format(order=order_id)).fetchall()
    assert f"from {warehouse}: {sentence}." in said(accept(app))
    assert records(home) == []


def test_proposal_of_a_line_that_is_routed_elsewhere_is_overtaken(home: Path, open_page: Open) -> None:
    ((order_id, line_id),) = ask(home, SPLIT)
    route(home, order_id, line_id, warehouse_id="berlin", quantity=2)
    found = {
        row["warehouse_id"]: row["state"]
        for row in proposals(open_page(home, "routing", routing_state="all", routing_search=order_id)).rows
        if row["line_id"] == line_id
    }
    ((own,),) = ask(
        home, f"select warehouse_id from ops.order_lines where order_id = '{order_id}' and line_id = '{line_id}'"
    )  # noqa: S608
    # Of three units two are routed to Berlin. The third can still go where one unit is proposed.
    assert found == {"berlin": "Accepted", "lyon": "Open" if own == "lyon" else "Overtaken"}


def test_second_click_of_a_form_lands_nothing_again(home: Path, open_page: Open) -> None:
    order_id, line_id, warehouse, quantity = ask(home, PROPOSED)[0]
    subject = Subject(order_id, line_id, warehouse_id=warehouse, quantity=quantity)
    request = Request(new_request_id(), "route", (subject,), accepts_proposals=True)
    for _ in range(2):
        (answer,) = act(Settings(home=home), actor="mia", role=BUILT_IN["operator"], request=request)
        assert answer.has_landed
    assert len(records(home)) == 1


def test_role_that_may_not_route_reads_the_proposals_and_is_told_why(
    home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared import people

    (home / "access.yaml").write_text("mode: oidc\npeople: {eve@example.com: viewer}\n")
    signed = {"is_logged_in": True, "email": "eve@example.com", "sub": "eve", "iat": time.time()}
    monkeypatch.setattr(people, "claims", lambda: signed)
    app = open_page(home, "routing")
    assert proposals(app).rows
    assert app.button(key="act_route").disabled
    assert app.button(key="act_route").help == "Not possible: the role viewer may not do it."
    simulation = open_page(home, "routing", routing_view="Simulation")
    assert "A simulation reads all orders and all stock. Your role, viewer, does not" in said(simulation)
    assert not [each for each in simulation.button if each.key == "simulate"]


def test_without_open_proposals_the_page_says_so(home: Path, open_page: Open) -> None:
    change(home, "delete from marts.fct_routing_proposals")
    assert "No proposal is open" in said(open_page(home, "routing"))


def test_before_the_first_proposal_the_page_says_so(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, empty=True)
    assert "No proposal has been made" in said(open_page(tmp_path, "routing"))


def test_filters_that_match_nothing_say_so(published: Path, open_page: Open) -> None:
    assert "No proposal matches the filters." in said(open_page(published, "routing", routing_search="nowhere"))


def test_opened_proposal_shows_the_reasons_of_its_order_and_is_accepted_there(home: Path, open_page: Open) -> None:
    ((order_id, line_id),) = ask(home, SPLIT)
    app = open_page(home, "routing", routing_search=order_id)
    app = open_row(app, "routing_proposals", next(n for n, name in enumerate(proposals(app).ids) if line_id in name))
    assert f"Routing of order {order_id}" in said(app) and "policy fewest-parcels" in said(app)
    rows = table_with(app, "reason", "days_p90").rows
    wanted = [each for each in ask(home, PROPOSED) if each[0] == order_id]
    assert [(row["line_id"], row["warehouse_id"]) for row in rows] == [each[1:3] for each in wanted]
    assert str(rows[0]["reason"]).startswith("One parcel for the order.")
    assert (rows[0]["days_p90"], rows[0]["days_left"]) == ("2.5", "2.0")
    app.checkbox(key="all_matching").check().run()
    app = accept(app.button(key="act_route").click().run())
    assert len(records(home)) == len(wanted)
    assert f"**Route** {wanted[0][3]} unit" in said(app)
    assert {row["state"] for row in table_with(app, "reason", "days_p90").rows} == {"Accepted"}


def test_page_of_an_order_says_what_is_proposed_and_leads_there(published: Path, open_page: Open) -> None:
    ((order_id, line_id),) = ask(published, SPLIT)
    (first,) = [each for each in ask(published, PROPOSED) if each[:2] == (order_id, line_id)][:1]
    app = open_page(published, "orders", order=order_id)
    units = f"{first[3]} unit{'' if first[3] == 1 else 's'}"
    assert f"{units} of line {line_id} from {first[2]}" in said(app)
    app.button(key="proposals_of_order").click().run()
    assert f"Routing of order {order_id}" in said(app)
    ((other,),) = ask(published, "select max(order_id) from ops.orders where stage = 'closed'")
    assert "Routing proposes" not in said(open_page(published, "orders", order=other))


def test_order_without_proposals_says_so(published: Path, open_page: Open) -> None:
    assert "No unit of this order waits" in said(open_page(published, "routing", proposals_of="nowhere"))


def simulated(app: AppTest) -> dict[str | None, dict[str, str | None]]:
    """Press Simulate, and return the rows of the result by policy."""
    return {row["policy"]: row for row in table_with(app.button(key="simulate").click().run(), "waiting_units").rows}


def test_simulation_compares_two_policies_over_the_days_of_the_address(published: Path, open_page: Open) -> None:
    days = {"routing_view": "Simulation", "simulated_days": "2026-01-05..2026-01-18"}
    app = open_page(published, "routing", **days)
    assert "Orders placed 5 Jan 2026 to 18 Jan 2026." in said(app)
    assert "press Simulate" in said(app)
    found = simulated(app)
    sql = """
        select count(distinct order_id), sum(ordered_quantity) from ops.order_lines
        where placed_date between '2026-01-05' and '2026-01-18' and is_stock_tracked
            and ordered_quantity > cancelled_quantity
    """
    ((orders, units),) = ask(published, sql)
    assert f"**{orders} orders** with {units} units, placed 5 Jan 2026 to 18 Jan 2026." in said(app)
    assert "`fewest-parcels` sends" in said(app) and "fewer parcels" in said(app)
    assert int(str(found["fewest-parcels"]["parcels"])) < int(str(found["nearest"]["parcels"]))
    assert found["nearest"]["worst_gap"] is None and found["fewest-parcels"]["worst_gap"] is not None
    assert set(simulated(open_page(published, "routing", **days, policy_b="cheapest"))) == {
        "fewest-parcels",
        "cheapest",
    }


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ("2025-01-01..2025-01-02", "No order with tracked stock was placed from 2025-01-01 to 2025-01-02"),
        ("2025-10-01..2026-03-30", "This page simulates 100 days at most"),
    ],
)
def test_simulation_of_days_that_cannot_be_replayed_says_why(
    days: str, sentence: str, published: Path, open_page: Open
) -> None:
    app = open_page(published, "routing", routing_view="Simulation", simulated_days=days)
    assert sentence in said(app.button(key="simulate").click().run())


def test_one_simulation_runs_at_a_time(published: Path, open_page: Open) -> None:
    app = open_page(published, "routing", routing_view="Simulation", simulated_days="2026-01-05..2026-01-06")
    from app_pages import routing_simulation

    with routing_simulation._one_at_a_time():  # of somebody else
        assert "Another simulation is running" in said(app.button(key="simulate").click().run())
    assert set(simulated(app)) == {"fewest-parcels", "nearest"}


def test_routes_taken_show_pending_and_rejected_ones(home: Path, open_page: Open) -> None:
    change(
        home,
        "insert into ops.actions by name select * replace ('gone' as action_id, 'route' as kind, false as is_accepted, "
        "'every unit of the line had already been shipped' as rejection, 'lyon' as warehouse_id, 1 as quantity) "
        "from ops.actions order by action_id limit 1",
    )
    order_id, line_id, warehouse, quantity = ask(home, PROPOSED)[0]
    route(home, order_id, line_id, warehouse_id=warehouse, quantity=quantity)
    app = open_page(home, "routing", routing_view="Routes taken")
    found = [(row["state"], row["warehouse_id"]) for row in table_with(app, "rejection", "actor").rows]
    assert found == [("Pending", warehouse), ("Rejected", "lyon")]
    assert table_with(app, "rejection").rows[1]["rejection"] == "every unit of the line had already been shipped"
    only = open_page(home, "routing", routing_view="Routes taken", routes_state="rejected")
    assert len(table_with(only, "rejection").rows) == 1


def test_estimates_show_their_record(published: Path, open_page: Open) -> None:
    app = open_page(published, "routing", routing_view="Estimates")
    page = said(app).replace("\xa0", " ")
    assert "Within the estimate 85.0 %" in page
    assert "Estimated cost of a parcel EUR 4.20" in page and "Real cost of a parcel EUR 4.50" in page
    assert [str(row["in_time_rate"])[:4] for row in table_with(app, "timed", "costed").rows] == ["85.0", "85.0"]
    lanes = table_with(app, "basis", "days_p90").rows
    ((expected,),) = ask(published, "select count(*) from marts.fct_lane_estimates")
    assert len(lanes) == expected and {row["days_p90"] for row in lanes} == {"2.5"}


def test_without_tested_parcels_the_estimates_say_so(home: Path, open_page: Open) -> None:
    change(home, "delete from marts.fct_lane_accuracy")
    app = open_page(home, "routing", routing_view="Estimates")
    assert "Estimates are tested once" in said(app)
    assert [table.name for table in tables_of(app)] == ["lane estimates"]
