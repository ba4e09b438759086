"""Requests of customers in the worklist: what is asked for, and its approval or refusal from there."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.dashboards.conftest import Open, said, table_with
from tests.dashboards.published_home import publish
from tests.dashboards.test_acting import records
from tests.dashboards.test_numbers import ask

STAGES = {"cancel": "ready_to_ship", "change": "ready_to_ship", "return": "closed"}


def asked_for(home: Path, what: str) -> tuple[str, str]:
    """Publish a version with a request of a customer, and return its order and its exception."""
    path = publish(home, orders=200)
    ((order,),) = ask(home, f"select min(order_id) from ops.orders where stage = '{STAGES[what]}'")
    with duckdb.connect(str(path)) as published:
        published.execute(
            f"""
            insert into ops.actions by name select 'r' as action_id, ? as order_id, 'order' as subject_kind,
                'request_{what}' as kind, 'customer' as actor, 'customer' as role, '1' as line_id, true as is_accepted,
                2 as quantity, timestamp '2026-03-31 09:00:00' as occurred_at
            """,
            [order],
        ).fetchall()
        published.execute(
            """
            insert into marts.fct_exceptions by name select 'asked' as exception_id, 'order' as subject_type,
                ? as subject_id, ? as order_id, ? as code, 'medium' as severity, 'returns' as owner,
                timestamp '2026-03-31 09:00:00' as opened_at, 1 as age_hours
            """,
            [order, order, f"{what}_requested"],
        ).fetchall()
        if what == "return":  # as ops.action_states says it of a published request
            published.execute(
                "create or replace view ops.action_states as select ? as order_id, null as line_id, x.axis, x.state "
                "from (values ('order', 'known'), ('returns', 'asked')) x(axis, state)".replace("?", f"'{order}'")
            ).fetchall()
    return order, "asked"


@pytest.mark.parametrize(
    ("what", "approve", "decline"),
    [
        ("return", "approve_return", "decline_return"),
        ("cancel", "cancel", "decline"),
        ("change", "approve", "decline"),
    ],
)
def test_request_is_approved_or_declined_from_the_worklist(
    tmp_path: Path, open_page: Open, what: str, approve: str, decline: str
) -> None:
    order, exception = asked_for(tmp_path, what)
    app = open_page(tmp_path, "exceptions", exception=exception)
    assert table_with(app, "has_text", "quantity").rows[0]["quantity"] == "2"
    app.button(key=f"act_{decline}").click().run()
    app.button(key=f"send_{decline}").click().run()
    assert "Write the reason first" in said(app) and records(tmp_path) == []
    app.text_area(key=f"text_{decline}").input("It is packed").run()
    # Another person approves meanwhile: the decision on what was seen before is refused, and says what changed.
    other = open_page(tmp_path, "exceptions", exception=exception)
    other.button(key=f"act_{approve}").click().run()
    other.button(key=f"send_{approve}").click().run()
    app.button(key=f"send_{decline}").click().run()
    assert "it has changed since you saw it" in said(app)
    assert [(each["order_id"], each["kind"]) for each in records(tmp_path)] == [(order, approve)]
    assert "Pending on the order until the next run" in said(app)
