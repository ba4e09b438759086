"""Approvals: steps of firings that wait until a person of a role has decided.

Nobody approves what the own edit of a rule asks for. Up to a limit nothing is asked: the limit holds for all firings
of one order on one business day together, so that parts of an amount do not pass below it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import record
from orderhouse.operations.store import Store, open_store
from orderhouse.operations.tables import APPROVALS, RULE_FIRINGS, RULE_VERSIONS
from orderhouse.rules.firings import Firing, firing_of, text_of
from orderhouse.rules.rule import Step
from orderhouse.settings import Settings

__all__ = ["Approval", "ask", "decide", "waiting_approvals"]

DECIDED = "The approval does not wait for a decision any more. Open the page again."
NAMESPACE = uuid.UUID("5b7f3c02-90c8-4c3e-a1de-3a3f6f0f9c41")


@dataclass(frozen=True)
class Approval:
    """One approval that is asked for, with its firing.

    Attributes:
        approval_id: Id of the approval.
        role: Role that decides.
        amount: Amount in the reporting currency, as text; None if the row has none.
        asked_at: Instant, UTC text.
        editor: Person who saved the rule; None if it was edited as a file.
        firing: The firing.
    """

    approval_id: str
    role: str
    amount: str | None
    asked_at: str
    editor: str | None
    firing: Firing


def ask(
    store: Store, firings: Sequence[Firing], step: Step, now: datetime
) -> tuple[list[Firing], list[Firing], list[dict[str, Any]]]:
    """Split firings into those that go on and those that wait, with the rows of the approvals asked for.

    A row without a known amount waits.

    Args:
        store: The operations store.
        firings: Firings that have reached the step.
        step: The step.
        now: The present instant.
    """
    limit = step.above
    spent = _passed_today(store, firings) if limit else {}
    go_on: list[Firing] = []
    wait: list[Firing] = []
    rows: list[dict[str, Any]] = []
    for each in firings:
        day = (each.order_id or each.subject_id, each.business_date)
        total = spent.get(day, Decimal(0)) + (each.value or Decimal(0))
        passes = limit is not None and each.value is not None and total <= limit[0]
        if passes:
            spent[day] = total
        rows.append(_row(each, step, now, "not_needed" if passes else "waiting"))
        (go_on if passes else wait).append(each)
    return go_on, [replace(each, state="waiting") for each in wait], rows


def _passed_today(store: Store, firings: Sequence[Firing]) -> dict[tuple[str, str], Decimal]:
    """Return what has passed without a decision, by order and business day."""
    columns = APPROVALS.c
    days = {each.business_date for each in firings}
    query = sa.select(columns.order_id, columns.business_date, columns.amount).where(
        columns.state == "not_needed", columns.business_date.in_(days), columns.amount.is_not(None)
    )
    spent: dict[tuple[str, str], Decimal] = {}
    with store.reading() as connection:
        for row in connection.execute(query):
            key = (row.order_id, row.business_date)
            spent[key] = spent.get(key, Decimal(0)) + Decimal(row.amount)
    return spent


def _row(firing: Firing, step: Step, now: datetime, state: str) -> dict[str, Any]:
    return {
        "approval_id": str(uuid.uuid5(NAMESPACE, f"{firing.firing_id}|{firing.step}")),
        "firing_id": firing.firing_id,
        "step": firing.step,
        "rule": firing.rule,
        "order_id": firing.order_id or firing.subject_id,
        "business_date": firing.business_date,
        "role": step.options["role"],
        "amount": firing.amount,
        "state": state,
        "asked_at": text_of(now),
    }


def waiting_approvals(settings: Settings, *, role: Role | None = None) -> list[Approval]:
    """Return the approvals that wait, the oldest first; those of a role, or all.

    Raises:
        OrderhouseError: The operations store cannot be read.
    """
    query = _with_firings().where(APPROVALS.c.state == "waiting")
    if role is not None and role.name != "admin":
        query = query.where(APPROVALS.c.role == role.name)
    with open_store(settings).reading() as connection:
        return [_approval(row._mapping) for row in connection.execute(query.order_by(APPROVALS.c.asked_at))]


def decide(
    settings: Settings, approval_id: str, *, actor: str, role: Role, approves: bool, reason: str | None = None
) -> Approval:
    """Record the decision of a person. The steps that wait are taken by the next run of the rules.

    Args:
        settings: Settings of the home.
        approval_id: Id of the approval.
        actor: Name of the person, from the session.
        role: Role of the person, from the session.
        approves: True to let the steps be taken.
        reason: Reason, as the person typed it.

    Raises:
        OrderhouseError: It does not wait any more, or the person may not decide it.
    """
    store = open_store(settings)
    now = text_of(datetime.now(UTC))
    with store.writing_all() as connection:
        row = connection.execute(_with_firings().where(APPROVALS.c.approval_id == approval_id)).one_or_none()
        if row is None or row.approval_state != "waiting":
            raise OrderhouseError(DECIDED)
        found = _approval(row._mapping)
        _require_right(found, actor, role)
        changed = connection.execute(
            sa.update(APPROVALS)
            .where(APPROVALS.c.approval_id == approval_id, APPROVALS.c.state == "waiting")
            .values(
                state="approved" if approves else "declined", decided_by=actor, decided_role=role.name, decided_at=now,
                reason=reason or None,
            )
        )  # fmt: skip
        if changed.rowcount != 1:  # PostgreSQL lets two people read the same row before one of them decides
            raise OrderhouseError(DECIDED)
        connection.execute(
            sa.update(RULE_FIRINGS)
            .where(RULE_FIRINGS.c.firing_id == found.firing.firing_id)
            .values(**({"state": "open", "step": found.firing.step + 1} if approves else {"state": "declined"}))
        )
    record(
        settings, actor=actor, role=role.name, action="approve" if approves else "decline",
        subject=f"rule {found.firing.rule}: {found.firing.subject}",
        detail={"approval": approval_id, "reason": reason or ""},
    )  # fmt: skip
    return found


def _require_right(approval: Approval, actor: str, role: Role) -> None:
    if role.name not in (approval.role, "admin"):
        raise OrderhouseError(f"The role {approval.role} decides this, and yours is {role.name}.")
    if approval.editor == actor:
        raise OrderhouseError(
            "You saved this rule, and nobody approves what they asked for. Somebody else must decide."
        )


def _with_firings() -> sa.Select[Any]:
    """Return the query of approvals with their firings and the editors of the rules."""
    same_version = sa.and_(
        RULE_VERSIONS.c.rule == RULE_FIRINGS.c.rule, RULE_VERSIONS.c.version == RULE_FIRINGS.c.rule_version
    )
    return (
        sa.select(
            RULE_FIRINGS,
            *(
                APPROVALS.c[name].label(f"approval_{name}")
                for name in ("approval_id", "role", "amount", "asked_at", "state")
            ),
            RULE_VERSIONS.c.editor,
        )
        .join(APPROVALS, APPROVALS.c.firing_id == RULE_FIRINGS.c.firing_id)
        .outerjoin(RULE_VERSIONS, same_version)
    )


def _approval(row: Mapping[Any, Any]) -> Approval:
    return Approval(
        row["approval_approval_id"], row["approval_role"], row["approval_amount"], row["approval_asked_at"],
        row["editor"], firing_of(row),
    )  # fmt: skip
