"""Stops: a rule that would fire more often than its limit fires not at all, and asks a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import record
from orderhouse.operations.store import Store, open_store
from orderhouse.operations.tables import RULE_STOPS
from orderhouse.rules.firings import text_of
from orderhouse.rules.rule import Rule
from orderhouse.settings import Settings

__all__ = ["Stop", "allow", "clear_stop", "may_fire", "stops"]


@dataclass(frozen=True)
class Stop:
    """A rule that asks.

    Attributes:
        rule: Name of the rule.
        rule_version: Version of the rule that asked.
        firings_count: Firings that it would make.
        asked_at: Instant, UTC text.
        allowed_count: Firings of one run that a person allowed; None while it asks.
        decided_by: The person.
        decided_at: Instant of the decision, UTC text.
    """

    rule: str
    rule_version: str
    firings_count: int
    asked_at: str
    allowed_count: int | None
    decided_by: str | None
    decided_at: str | None


def may_fire(store: Store, rule: Rule, count: int, now: datetime) -> bool:
    """Tell if a rule may fire so often in this run; if not, record that it asks."""
    if count <= rule.limit_per_run:
        return True
    columns = RULE_STOPS.c
    with store.writing(RULE_STOPS.name) as connection:
        found = connection.execute(sa.select(RULE_STOPS).where(columns.rule == rule.name)).one_or_none()
        is_same = found is not None and found.rule_version == rule.version
        if found is not None and is_same and found.allowed_count is not None and count <= found.allowed_count:
            return True
        connection.execute(sa.delete(RULE_STOPS).where(columns.rule == rule.name))
        asked_at = found.asked_at if found is not None and is_same else text_of(now)
        connection.execute(
            sa.insert(RULE_STOPS).values(
                rule=rule.name, rule_version=rule.version, firings_count=count, asked_at=asked_at
            )
        )
    return False


def clear_stop(store: Store, rule: str) -> None:
    """Forget that a rule asked; an allowance counts for one run."""
    with store.writing(RULE_STOPS.name) as connection:
        connection.execute(sa.delete(RULE_STOPS).where(RULE_STOPS.c.rule == rule))


def stops(settings: Settings) -> list[Stop]:
    """Return the rules that ask, or are allowed to fire once, by name.

    Raises:
        OrderhouseError: The operations store cannot be read.
    """
    with open_store(settings).reading() as connection:
        return [_stop(row) for row in connection.execute(sa.select(RULE_STOPS).order_by(RULE_STOPS.c.rule))]


def allow(settings: Settings, rule: str, *, actor: str, role: str) -> Stop:
    """Let a rule that asks fire in the next run, as often as it asked for.

    Raises:
        OrderhouseError: The rule does not ask.
    """
    columns = RULE_STOPS.c
    with open_store(settings).writing(RULE_STOPS.name) as connection:
        row = connection.execute(sa.select(RULE_STOPS).where(columns.rule == rule)).one_or_none()
        if row is None:
            raise OrderhouseError(f"The rule {rule} does not ask to fire more often than its limit.")
        connection.execute(
            sa.update(RULE_STOPS).where(columns.rule == rule).values(
                allowed_count=row.firings_count, decided_by=actor, decided_at=text_of(datetime.now(UTC))
            )
        )  # fmt: skip
    record(
        settings, actor=actor, role=role, action="allow_rule", subject=f"rule {rule}",
        detail={"firings": row.firings_count},
    )  # fmt: skip
    return _stop(row)


def _stop(row: sa.Row[Any]) -> Stop:
    return Stop(**dict(row._mapping))
