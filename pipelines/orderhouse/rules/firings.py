"""Firings of rules: each is a record before anything is done, and there is one for rule, subject and occasion."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from orderhouse.operations.store import Store
from orderhouse.operations.tables import APPROVALS, RULE_FIRINGS, RULE_VERSIONS
from orderhouse.rules.rule import Rule

__all__ = [
    "Firing",
    "count_firings",
    "end_firings",
    "firing_id_of",
    "firing_of",
    "keep_version",
    "keys_of",
    "list_firings",
    "move_on",
    "occupied_subjects",
    "store_firings",
    "text_of",
    "unfinished",
]

NAMESPACE = uuid.UUID("c1f9a6de-4d0b-4c59-8f2c-0d6f4a1b7e35")
ROWS_AT_ONCE = 1_000
IDS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Firing:
    """One firing.

    Attributes:
        firing_id: UUIDv5 of rule, subject and occasion.
        rule: Name of the rule.
        rule_version: Version of the rule when it fired.
        table_name: Table of the rule.
        subject_id: Key of the row; several columns are kept apart by a control character.
        occasion: Day or state by which it may fire again; empty for once per subject.
        order_id: The order of the row, if it belongs to one.
        line_id: The order line on which actions are taken, if any.
        amount: Amount in the reporting currency, as text.
        business_date: Business day of the published version.
        fields: Values of the fields that the rule names, as text.
        fired_at: Instant, UTC text. All firings of a rule in one run share it.
        state: `open`, `waiting` for an approval, `done` or `declined`.
        step: Number of the step that is next.
        outcomes: What became of each step that was taken.
        over_at: Instant at which the row was first seen not to meet the condition any more.
    """

    firing_id: str
    rule: str
    rule_version: str
    table_name: str
    subject_id: str
    occasion: str
    order_id: str | None
    line_id: str | None
    amount: str | None
    business_date: str
    fields: Mapping[str, str]
    fired_at: str
    state: str = "open"
    step: int = 0
    outcomes: Sequence[Mapping[str, Any]] = field(default=())
    over_at: str | None = None

    @property
    def subject(self) -> str:
        """Return the subject as people read it: that of an exception is its order, if it has one."""
        if self.table_name == "exceptions" and self.order_id is not None:
            return self.order_id
        return " / ".join(part for part in self.subject_id.split("\x1f") if part)

    @property
    def told(self) -> str:
        """Return what became of the steps, as people read it."""
        return "; ".join(
            f"{each.get('action') or each['kind']} {each['outcome']}" + (f" ({each['why']})" if each.get("why") else "")
            for each in self.outcomes
        )

    @property
    def value(self) -> Decimal | None:
        """Return the amount."""
        return None if self.amount is None else Decimal(self.amount)


def text_of(now: datetime) -> str:
    """Return an instant as it is stored: UTC, with microseconds."""
    return now.astimezone(UTC).isoformat(timespec="microseconds")


def firing_id_of(rule: str, subject_id: str, occasion: str) -> str:
    """Return the id of a firing; JSON keeps the parts of the key apart."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([rule, subject_id, occasion])))


def keys_of(store: Store, rule: str) -> list[tuple[str, str]]:
    """Return subject and occasion of all firings of a rule."""
    columns = RULE_FIRINGS.c
    with store.reading() as connection:
        rows = connection.execute(sa.select(columns.subject_id, columns.occasion).where(columns.rule == rule))
        return [(row[0], row[1]) for row in rows]


def occupied_subjects(store: Store, rule: str) -> list[str]:
    """Return the subjects for which a rule has fired and that have met its condition ever since."""
    columns = RULE_FIRINGS.c
    with store.reading() as connection:
        query = sa.select(columns.subject_id).where(columns.rule == rule, columns.over_at.is_(None)).distinct()
        return list(connection.execute(query).scalars())


def store_firings(store: Store, rule: Rule, firings: Sequence[Firing]) -> None:
    """Store new firings of a rule with its version.

    Args:
        store: The operations store.
        rule: The rule.
        firings: New firings, at least one, which share `fired_at`.
    """
    rows = [
        {**asdict(each), "fields": json.dumps(each.fields), "outcomes": json.dumps(each.outcomes)} for each in firings
    ]
    with store.writing(RULE_FIRINGS.name) as connection:
        keep_version(connection, rule, firings[0].fired_at)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            connection.execute(sa.insert(RULE_FIRINGS), rows[start : start + ROWS_AT_ONCE])


def end_firings(store: Store, rule: str, subjects: Sequence[str]) -> None:
    """Mark the firings of subjects that do not meet the condition any more. What they still have to say is dropped."""
    columns, now = RULE_FIRINGS.c, text_of(datetime.now(UTC))
    with store.writing(RULE_FIRINGS.name) as connection:
        for start in range(0, len(subjects), IDS_AT_ONCE):
            some = columns.subject_id.in_(subjects[start : start + IDS_AT_ONCE])
            connection.execute(
                sa.update(RULE_FIRINGS).where(columns.rule == rule, columns.over_at.is_(None), some).values(over_at=now)
            )


def keep_version(connection: sa.Connection, rule: Rule, now: str, editor: str | None = None) -> None:
    """Store a version of a rule, unless it is known. Its steps are taken by it also after the rule was edited.

    Args:
        connection: Open transaction.
        rule: The rule.
        now: The present instant, as text.
        editor: Person who saved it on the page; None if it was edited as a file.
    """
    columns = RULE_VERSIONS.c
    is_it = sa.and_(columns.rule == rule.name, columns.version == rule.version)
    if connection.execute(sa.select(columns.version).where(is_it)).one_or_none() is None:
        connection.execute(
            sa.insert(RULE_VERSIONS).values(
                rule=rule.name, version=rule.version, first_at=now, editor=editor,
                body=json.dumps(asdict(rule), default=str, ensure_ascii=False),
            )
        )  # fmt: skip


def unfinished(store: Store) -> list[Firing]:
    """Return the firings with steps to be taken, the oldest first."""
    columns = RULE_FIRINGS.c
    query = sa.select(RULE_FIRINGS).where(columns.state == "open")
    with store.reading() as connection:
        rows = connection.execute(query.order_by(columns.fired_at, columns.rule, columns.subject_id))
        return [firing_of(row._mapping) for row in rows]


def move_on(store: Store, firings: Iterable[Firing], rows_of_approvals: Sequence[Mapping[str, Any]] = ()) -> None:
    """Store state, step and outcomes of firings, with the approvals that they wait for, in one transaction."""
    columns = RULE_FIRINGS.c
    with store.writing_all() as connection:
        for each in firings:
            connection.execute(
                sa.update(RULE_FIRINGS)
                .where(columns.firing_id == each.firing_id)
                .values(state=each.state, step=each.step, outcomes=json.dumps(list(each.outcomes)))
            )
        if rows_of_approvals:
            connection.execute(sa.insert(APPROVALS), list(rows_of_approvals))


def list_firings(
    store: Store,
    *,
    rule: str | None = None,
    order_id: str | None = None,
    state: str | None = None,
    limit: int = 100,
    after: int = 0,
) -> list[Firing]:
    """Return firings, the newest first.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    columns = RULE_FIRINGS.c
    query = sa.select(RULE_FIRINGS).order_by(columns.fired_at.desc(), columns.rule, columns.subject_id)
    for column, value in (("rule", rule), ("order_id", order_id), ("state", state)):
        if value is not None:
            query = query.where(columns[column] == value)
    with store.reading() as connection:
        return [firing_of(row._mapping) for row in connection.execute(query.limit(limit).offset(after))]


def count_firings(store: Store) -> dict[str, int]:
    """Return the number of firings by rule.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    query = sa.select(RULE_FIRINGS.c.rule, sa.func.count()).group_by(RULE_FIRINGS.c.rule)
    with store.reading() as connection:
        return {str(row[0]): int(row[1]) for row in connection.execute(query)}


def firing_of(row: Mapping[Any, Any]) -> Firing:
    """Return the firing of a row of the store."""
    values = {each.name: row[each.name] for each in fields(Firing)}
    return Firing(**{**values, "fields": json.loads(values["fields"]), "outcomes": json.loads(values["outcomes"])})
