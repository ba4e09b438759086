"""Acting: rules by state and role, pending actions, stale versions, bulk, and what is recorded."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from orderhouse.access.access_file import load_access
from orderhouse.access.roles import ACTIONS, BUILT_IN, KINDS, Role
from orderhouse.actions.acting import act
from orderhouse.actions.landing import landed_names
from orderhouse.actions.pending import pending_actions
from orderhouse.actions.requests import Request, Subject, new_request_id
from orderhouse.actions.rules import Query, Rules, load_rules
from orderhouse.actions.states import orders_now, seen_version
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import entries, verify
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

from tests.actions.conftest import Do, first, order_in
from tests.dashboards.published_home import publish

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"


def query_of(settings: Settings) -> Query:
    """Return a reader of the published version."""
    return lambda sql, parameters: open_reader(settings).execute(sql, list(parameters)).fetchall()


def rules_of(settings: Settings) -> Rules:
    """Return the published rules."""
    return load_rules(query_of(settings))


def seen(settings: Settings, order_id: str) -> str:
    """Return the version of an order that somebody sees now."""
    query = query_of(settings)
    state = orders_now(query, load_rules(query), [order_id], pending_actions(settings, query, order_ids=[order_id]))
    return seen_version(state[order_id])


def test_landed_action_is_pending_for_everybody_without_its_text(settings: Settings, do: Do) -> None:
    order = order_in(settings, "ready_to_ship")
    (answer,) = do("hold", order, reason="Ring Mrs Miller at 030 123")
    assert answer.has_landed
    (found,) = pending_actions(settings, query_of(settings), order_ids=[order])
    assert (found.action_id, found.kind, found.actor, found.role) == (answer.action_id, "hold", "mia", "operator")
    assert "Miller" not in repr(found)
    assert pending_actions(settings, query_of(settings), order_ids=["other"]) == []


def test_file_that_the_published_version_has_loaded_is_not_pending(settings: Settings, do: Do) -> None:
    order = order_in(settings, "ready_to_ship")
    do("hold", order, reason="wait")
    (name,) = landed_names(settings)
    query = query_of(settings)

    def with_file(sql: str, parameters: object) -> list[tuple[object, ...]]:
        return [(f"actions/{name}",)] if "quality.files" in sql else query(sql, parameters)  # type: ignore[arg-type]

    assert pending_actions(settings, with_file) == []


@pytest.mark.parametrize("role", sorted(BUILT_IN))
def test_each_role_does_what_the_table_says_and_nothing_else(settings: Settings, role: str) -> None:
    rules = rules_of(settings)
    with (SEEDS / "action_rules.csv").open() as file:
        wanted = {
            row["kind"]: row["is_accepted"] == "true"
            for row in csv.DictReader(file)
            if (row["axis"], row["state"]) == ("role", role)
        }
    assert {kind: rules.refusal(kind, {}, BUILT_IN[role]) is None for kind in KINDS} == wanted


def test_kinds_of_the_access_file_are_those_of_the_feed() -> None:
    with (SEEDS / "canonical_vocabulary.csv").open() as file:
        words = {
            row["word"] for row in csv.DictReader(file) if (row["feed"], row["column_name"]) == ("actions", "kind")
        }
    assert set(KINDS) == words
    assert set(ACTIONS) - words == {"automate", "campaigns", "dagster", "explain", "messages", "repair", "sources"}


def test_forged_action_of_a_viewer_is_refused_and_recorded(settings: Settings, do: Do) -> None:
    order = order_in(settings, "ready_to_ship")
    (answer,) = do("hold", order, role="viewer", actor="eve", reason="because")
    assert answer.refusal == "the role viewer may not do it"
    assert landed_names(settings) == []
    (entry,) = entries(settings)
    assert (entry.actor, entry.role, entry.action, entry.subject) == ("eve", "viewer", "act_refused", f"hold {order}")
    assert json.loads(entry.detail)["why"] == ["the role viewer may not do it"]


def test_role_of_the_installation_does_what_the_access_file_gives_it(settings: Settings) -> None:
    night_shift = Role(name="night_shift", tables=["all"], actions=["hold"])
    order, rules = order_in(settings, "ready_to_ship"), rules_of(settings)
    request = Request(new_request_id(), "hold", (Subject(order),))
    assert act(settings, actor="tom", role=night_shift, request=request)[0].has_landed
    assert rules.refusal("release", {}, night_shift) == "the role night_shift may not do it"


def test_access_file_narrows_and_widens_what_a_built_in_role_may_do(settings: Settings) -> None:
    (settings.home / "access.yaml").write_text(
        "roles: {viewer: {actions: [hold]}, agent: {actions: [note]}, finance: {actions: []}, operator: {exports: no}}"
    )
    roles, rules = load_access(settings).roles, rules_of(settings)

    def granted(role: str) -> set[str]:
        return {kind for kind in KINDS if rules.refusal(kind, {}, roles[role]) is None}

    assert (granted("viewer"), granted("agent"), granted("finance")) == ({"hold"}, {"note"}, set())
    for untouched in ("operator", "admin", "marketing"):
        assert granted(untouched) == {kind for kind in KINDS if rules.refusal(kind, {}, BUILT_IN[untouched]) is None}
    order = order_in(settings, "ready_to_ship")
    wide = Request(new_request_id(), "hold", (Subject(order),))
    assert act(settings, actor="eve", role=roles["viewer"], request=wide)[0].has_landed
    narrow = Request(new_request_id(), "cancel", (Subject(order),))
    assert act(settings, actor="ann", role=roles["agent"], request=narrow)[0].refusal == "the role agent may not do it"
    (name,) = landed_names(settings)
    # The models judge the roles of the table. This one was judged by the file, and its record says so.
    assert json.loads((settings.actions / name).read_text())["role"] == "viewer (access.yaml)"
    with (SEEDS / "action_rules.csv").open() as file:
        assert not [row for row in csv.DictReader(file) if row["state"] == "viewer (access.yaml)"]


def test_role_acts_only_on_the_rows_that_it_sees(settings: Settings) -> None:
    store = Role(name="store", tables=["all"], rows={"channel": ["store"]}, actions=["hold"])
    confirmed = "select min(order_id) from ops.orders where order_status = 'confirmed' and channel = "
    own, other = first(settings, f"{confirmed} 'store'"), first(settings, f"{confirmed} 'web'")
    request = Request(new_request_id(), "hold", (Subject(own), Subject(other)))
    assert [each.refusal for each in act(settings, actor="tom", role=store, request=request)] == [
        None,
        "the order is not known",
    ]


@pytest.mark.parametrize(
    ("kind", "stage", "parameters", "reason"),
    [
        ("hold", "cancelled", {}, "the order had already been cancelled"),
        ("release", "placed", {}, "the order was not on hold"),
        ("cancel", "in_transit", {}, "the order had already been shipped"),
        ("approve_return", "placed", {}, "no return had been requested"),
        ("change_promise", "placed", {}, "it names no new promise"),
        ("assign", "placed", {"assignee": "tom"}, "it names no exception"),
        ("hold", "on_hold", {}, "it would change nothing: the order is already so, or will be after the next run"),
        ("paint", "placed", {}, "the kind of action is not known"),
    ],
)
def test_state_that_does_not_allow_an_action_is_the_reason(
    settings: Settings, do: Do, kind: str, stage: str, parameters: dict[str, object], reason: str
) -> None:
    (answer,) = do(kind, order_in(settings, stage), **parameters)
    assert answer.refusal == reason
    assert landed_names(settings) == []


def test_units_of_a_line_are_judged_by_the_line(settings: Settings, do: Do) -> None:
    order = order_in(settings, "ready_to_ship")
    units = int(
        first(settings, f"select open_quantity from ops.order_lines where order_id = '{order}' and line_id = '1'")
    )
    assert do("cancel_line", order)[0].refusal == "it names no line"
    assert do("cancel_line", Subject(order, "77"))[0].refusal == "the order has no such line"
    assert do("route", Subject(order, "1"), quantity=1)[0].refusal == "it names no warehouse"
    astray = do("route", Subject(order, "1"), quantity=1, warehouse_id="lion")
    assert astray[0].refusal == "no feed knows the warehouse"
    assert f"the line has {units} open units" in str(
        do("cancel_line", Subject(order, "1"), quantity=units + 1)[0].refusal
    )
    assert do("route", Subject(order, "1"), quantity=units, warehouse_id="lyon")[0].has_landed
    assert do("cancel_line", Subject(order, "1"), quantity=units)[0].has_landed


def test_pending_actions_count_as_done_for_the_next_ones(settings: Settings, do: Do) -> None:
    order = order_in(settings, "ready_to_ship")
    assert do("hold", order)[0].has_landed
    assert "change nothing" in str(do("hold", order)[0].refusal)
    assert do("release", order)[0].has_landed
    assert do("cancel", order)[0].has_landed
    assert do("hold", order)[0].refusal == "the order had already been cancelled"


def test_two_people_who_act_on_what_they_saw_do_not_overwrite_each_other(settings: Settings, do: Do) -> None:
    order = order_in(settings, "ready_to_ship")
    version = seen(settings, order)
    assert do("hold", Subject(order, seen=version), actor="mia")[0].has_landed
    (late,) = do("change_promise", Subject(order, seen=version), actor="tom", promised_at="2099-01-01")
    assert str(late.refusal).startswith("it has changed since you saw it: mia: hold at ")
    assert do("change_promise", Subject(order, seen=seen(settings, order)), actor="tom", promised_at="2099-01-01")[
        0
    ].has_landed


def test_note_makes_no_seen_version_stale(settings: Settings, do: Do) -> None:
    order = order_in(settings, "ready_to_ship")
    version = seen(settings, order)
    do("note", order, reason="asked for a gift box")
    assert do("hold", Subject(order, seen=version))[0].has_landed


def test_order_that_moved_in_a_later_version_is_refused_with_old_and_new(settings: Settings, do: Do) -> None:
    order = order_in(settings, "ready_to_ship")
    version = seen(settings, order).replace("order_status=confirmed", "order_status=placed")
    (answer,) = do("hold", Subject(order, seen=version))
    assert answer.refusal == "it has changed since you saw it: order status placed → confirmed"


@pytest.mark.parametrize("version", ["", "v1", "order_status=placed"])
def test_version_that_nobody_was_shown_is_refused(settings: Settings, do: Do, version: str) -> None:
    (answer,) = do("hold", Subject(order_in(settings, "ready_to_ship"), seen=version))
    assert answer.refusal == "it has changed since you saw it: the version that you saw cannot be compared"


def test_bulk_is_one_file_with_one_record_each_and_an_answer_for_each_row(settings: Settings, do: Do) -> None:
    good, held = order_in(settings, "ready_to_ship"), order_in(settings, "on_hold")
    answers = do("hold", good, held, "nowhere", order_in(settings, "placed"))
    assert [each.has_landed for each in answers] == [True, False, False, True]
    (name,) = landed_names(settings)
    lines = (settings.actions / name).read_text().splitlines()
    assert [json.loads(line)["action_id"] for line in lines] == [answers[0].action_id, answers[3].action_id]
    assert sorted(entry.action for entry in entries(settings)) == ["act", "act_refused"]
    assert verify(settings).problems == []


def test_exception_is_assigned_snoozed_and_resolved(settings: Settings, do: Do) -> None:
    name = first(settings, "select min(exception_id) from ops.exceptions")
    about = Subject(exception_id=name)
    assert do("assign", about, assignee="tom")[0].has_landed
    assert "is not after the business day" in str(do("snooze", about, snoozed_until=date(2026, 3, 31))[0].refusal)
    assert do("snooze", about, snoozed_until=date(2026, 4, 1))[0].has_landed
    assert do("hold", about)[0].refusal == "it names no order"
    assert do("resolve", about, role="viewer")[0].refusal == "the role viewer may not do it"
    assert do("resolve", about)[0].has_landed
    assert "is not open" in str(do("resolve", Subject(exception_id="gone"))[0].refusal)


def test_reason_is_in_no_audit_log(settings: Settings, do: Do) -> None:
    do("hold", order_in(settings, "ready_to_ship"), reason="Mrs Miller is in hospital")
    do("hold", order_in(settings, "ready_to_ship"), reason="Mrs Miller is in hospital", role="viewer")
    assert "Miller" not in str(list(entries(settings)))


def test_version_without_rules_says_what_to_do(tmp_path: Path, do: Do) -> None:
    publish(tmp_path, number=2, without=["ops.allowed_actions"])
    with pytest.raises(OrderhouseError, match="another release .* `orderhouse run`"):
        do("hold", "O-0000001")
    assert landed_names(Settings(home=tmp_path)) == []


def test_routes_of_one_line_in_one_request_take_no_more_than_its_open_units(settings: Settings, do: Do) -> None:
    order = first(
        settings, "select min(order_id) from ops.order_lines where open_quantity = 3 and allocated_quantity = 3"
    )
    line = first(settings, f"select min(line_id) from ops.order_lines where order_id = '{order}' and open_quantity = 3")
    answers = do(
        "route",
        Subject(order, line, warehouse_id="berlin", quantity=2),
        Subject(order, line, warehouse_id="lyon", quantity=2),
        Subject(order, line, warehouse_id="oslo", quantity=1),
    )
    assert [each.refusal for each in answers] == [
        None,
        "the line has 1 open unit, and 2 are asked for",
        "no feed knows the warehouse",
    ]


def test_units_whose_cancellation_is_pending_cannot_be_routed(settings: Settings, do: Do) -> None:
    order = first(
        settings, "select min(order_id) from ops.order_lines where open_quantity = 3 and allocated_quantity = 3"
    )
    line = first(settings, f"select min(line_id) from ops.order_lines where order_id = '{order}' and open_quantity = 3")
    assert do("cancel_line", Subject(order, line), quantity=2)[0].has_landed
    (answer,) = do("route", Subject(order, line), quantity=2, warehouse_id="lyon")
    assert answer.refusal == "the line has 1 open unit, and 2 are asked for"
    assert do("route", Subject(order, line), quantity=1, warehouse_id="lyon")[0].has_landed
