"""Tests of decisions of a person at a page: by role, recorded in the audit log, applied at once."""

from __future__ import annotations

import pytest
from orderhouse.access.roles import BUILT_IN, Role
from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.operations.audit_log import entries
from orderhouse.operations.repairing import Decision, decide
from orderhouse.repair.applying import Applied
from orderhouse.storage.warehouse import run_lock

from tests.ingest.landing import ORDERS_HEADER, Landing, order
from tests.repair.mending import Mending


@pytest.fixture
def mending(landing: Landing) -> Mending:
    """Return a landing whose second order has a bad currency."""
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1) + order(2, "EURO"))
    landing.ingest()
    return Mending(landing.settings)


def test_row_is_repaired_withdrawn_left_out_and_taken_back(landing: Landing, mending: Mending) -> None:
    (row,) = mending.rows()

    def do(decision: Decision, subject: str, **more: object) -> Applied:
        operator = BUILT_IN["operator"]
        return decide(
            landing.settings, actor="mia", role=operator, decision=decision, subject=subject, why="the shop", **more
        )  # type: ignore[arg-type]

    def in_force() -> str:
        return str(mending.rows()[0]["repair_id"])

    applied = do("repair", row["quarantine_id"], fields={"currency": "EUR"})
    assert applied.has_written and applied.sentences == ["Replayed 1 repaired rows: they are in their feeds."]
    assert mending.states() == [(3, "repaired")]
    assert do("withdraw", in_force()).sentences == ["Withdrew 1 repaired rows: they are in quarantine again."]
    assert mending.states() == [(3, "open")]
    do("discard", row["quarantine_id"])
    assert mending.states() == [(3, "discarded")]
    do("withdraw", in_force())
    assert mending.states() == [(3, "open")]
    still = do("repair", row["quarantine_id"], fields={"currency": "EURX"})
    assert "stays in quarantine" in still.sentences[0]
    done = [(each.actor, each.role, each.action) for each in entries(landing.settings)]
    assert done == [
        ("mia", "operator", f"quarantine_{each}") for each in ("repair", "withdraw", "discard", "withdraw", "repair")
    ]


@pytest.mark.parametrize(
    ("role", "why"),
    [
        (BUILT_IN["finance"], "lacks `repair`"),
        (BUILT_IN["viewer"], "may not see the quarantine"),
        (Role(name="store", tables=["all"], actions=["repair"], rows={"channel": ["store"]}), "may not see"),
    ],
)
def test_role_without_the_right_decides_nothing(landing: Landing, mending: Mending, role: Role, why: str) -> None:
    (row,) = mending.rows()
    with pytest.raises(OrderhouseError, match=why):
        decide(
            landing.settings, actor="eve", role=role, decision="discard", subject=row["quarantine_id"], why="because"
        )
    assert mending.states() == [(3, "open")] and list(entries(landing.settings)) == []


def test_decision_that_is_refused_is_told_from_one_that_was_made(landing: Landing, mending: Mending) -> None:
    with pytest.raises(OrderhouseError):
        decide(
            landing.settings, actor="mia", role=BUILT_IN["operator"], decision="withdraw", subject="nothing", why="no"
        )
    done = [(each.action, each.subject) for each in entries(landing.settings)]
    assert done == [("quarantine_withdraw", "nothing"), ("quarantine_withdraw_refused", "nothing")]


def test_decision_waits_for_no_run_and_says_so(landing: Landing, mending: Mending) -> None:
    (row,) = mending.rows()
    chosen = {"actor": "mia", "role": BUILT_IN["operator"], "decision": "discard", "subject": row["quarantine_id"]}
    with run_lock(landing.settings, "run"), pytest.raises(LockHeld):
        decide(landing.settings, why="because", **chosen)  # type: ignore[arg-type]
    assert mending.states() == [(3, "open")]
