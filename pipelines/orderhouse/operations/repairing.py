"""Decisions of a person at a page about one quarantined row: checked by role, recorded, and applied at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Literal

from orderhouse.access.quarantine import refuse_role
from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import record
from orderhouse.repair.applying import Applied, apply_decisions, opened
from orderhouse.repair.decisions import record_discards, record_patches, record_withdrawal
from orderhouse.settings import Settings

__all__ = ["Decision", "decide"]

Decision = Literal["repair", "discard", "withdraw", "replay"]


def decide(
    settings: Settings,
    *,
    actor: str,
    role: Role,
    decision: Decision,
    subject: str,
    fields: Mapping[str, str] | None = None,
    why: str = "",
) -> Applied:
    """Record a decision, and apply what is pending. The row as received is kept.

    Args:
        settings: Settings of the home.
        actor: Name of the person.
        role: The role of the person.
        decision: `repair` sets columns, `discard` leaves the row out, `withdraw` takes a decision back, `replay`
            applies a recorded one.
        subject: Full id of the row; for a withdrawal that of the decision.
        fields: Values by contract column, as the source would write them; empty text empties a column.
        why: The reason, which every decision but a replay needs.

    Raises:
        OrderhouseError: The role may not, the decision has no meaning, or a run is busy.
    """
    refuse_role(role, decides=True)
    with opened(settings, decision) as stores, _recorded(settings, actor, role, f"quarantine_{decision}", subject):
        if decision == "repair":
            record_patches(stores.connection, stores.vault, stores.sources, [subject], fields or {}, why=why, who=actor)
        elif decision == "discard":
            record_discards(stores.connection, [subject], why=why, who=actor)
        elif decision == "withdraw":
            record_withdrawal(stores.connection, subject, why=why, who=actor)
        return apply_decisions(stores, [subject] if decision == "replay" else ())


@contextlib.contextmanager
def _recorded(settings: Settings, actor: str, role: Role, action: str, subject: str) -> Iterator[None]:
    """Append a decision to the audit log before it is made, and once more if it is refused.

    The reason of a refusal can quote a personal value, so it stays out.
    """
    record(settings, actor=actor, role=role.name, action=action, subject=subject)
    try:
        yield
    except OrderhouseError:
        record(settings, actor=actor, role=role.name, action=f"{action}_refused", subject=subject)
        raise
