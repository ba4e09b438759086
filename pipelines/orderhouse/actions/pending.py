"""Pending actions: landed, and not yet folded into the published version.

They are read from the landed files, or from their receipts. Personal text is not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from orderhouse.actions.landing import landed_names
from orderhouse.actions.rules import Query
from orderhouse.files.landed_actions import landed_text
from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import OPERATORS

__all__ = ["Pending", "pending_actions"]

# Parsed files kept in memory. A file of one action is some hundred bytes.
KEPT_FILES = 4_096


@dataclass(frozen=True)
class Pending:
    """One landed action that no published version holds yet. Instants are UTC without zone."""

    action_id: str
    kind: str
    actor: str
    role: str
    occurred_at: datetime
    order_id: str | None = None
    line_id: str | None = None
    exception_id: str | None = None
    month: str | None = None
    quantity: int | None = None
    warehouse_id: str | None = None
    promised_at: str | None = None
    assignee: str | None = None
    snoozed_until: str | None = None


def pending_actions(
    settings: Settings,
    query: Query,
    *,
    order_ids: Iterable[str] | None = None,
    exception_ids: Iterable[str] | None = None,
) -> list[Pending]:
    """Return the pending actions in the order in which they were taken.

    Args:
        settings: Settings of the home.
        query: Reader of the published version with all rows.
        order_ids: Only actions on these orders, or on the exceptions below; all by default.
        exception_ids: Only actions on these exceptions, or on the orders above.
    """
    names = landed_names(settings)
    if not names:
        return []
    folded = {Path(path).name for (path,) in query("select path from quality.files where source = ?", (OPERATORS,))}
    found = [each for name in names if name not in folded for each in _actions_of(settings.actions / name)]
    if order_ids is not None or exception_ids is not None:
        orders, exceptions = set(order_ids or ()), set(exception_ids or ())
        found = [each for each in found if each.order_id in orders or each.exception_id in exceptions]
    # A file that came to the home under two names is in the ledger under one of them.
    received = _received(query, [each.action_id for each in found])
    found = [each for each in found if each.action_id not in received]
    return sorted(found, key=lambda each: (each.occurred_at, each.action_id))


def _received(query: Query, action_ids: list[str]) -> set[str]:
    """Return the actions that the published version has."""
    if not action_ids:
        return set()
    marks = ", ".join("?" * len(action_ids))
    return {name for (name,) in query(f"select action_id from ops.actions where action_id in ({marks})", action_ids)}  # noqa: S608 - marks only


@lru_cache(KEPT_FILES)
def _actions_of(path: Path) -> tuple[Pending, ...]:
    """Return the actions in a landed file, which never changes. A line that is no record is left to the ingest."""
    try:
        lines = landed_text(path).splitlines()
    except (OSError, UnicodeDecodeError):  # erased meanwhile, or not ours
        return ()
    return tuple(found for line in lines if (found := _action_in(line)) is not None)


def _action_in(line: str) -> Pending | None:
    try:
        record = json.loads(line)
        is_exception = record.get("subject_kind") == "exception"
        is_period = record.get("subject_kind") == "period"
        return Pending(
            action_id=record["action_id"],
            kind=record["kind"],
            actor=record["actor"],
            role=record["role"],
            occurred_at=datetime.fromisoformat(record["occurred_at"]).astimezone(UTC).replace(tzinfo=None),
            order_id=record.get("order_id"),
            line_id=record.get("line_id"),
            exception_id=record.get("subject_id") if is_exception else None,
            month=record.get("subject_id") if is_period else None,
            quantity=record.get("quantity"),
            warehouse_id=record.get("warehouse_id"),
            promised_at=record.get("promised_at"),
            assignee=record.get("assignee"),
            snoozed_until=record.get("snoozed_until"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
