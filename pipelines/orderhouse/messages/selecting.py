"""Selection: what may be told to customers, by one query per kind over the published tables."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from orderhouse.access.roles import OWNER, Role
from orderhouse.errors import OrderhouseError
from orderhouse.messages.kinds import Kind
from orderhouse.serve.publishing import PublishedVersion
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

__all__ = ["EVER", "Fact", "Published"]

EVER = datetime(1970, 1, 1, tzinfo=UTC)

ROWS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Fact:
    """Something that may be told to a customer.

    Attributes:
        kind: Kind of message.
        subject_id: Subject, of the kind's type.
        occasion: Which of several occasions.
        order_id: The order, if it tells of one.
        occurred_at: Instant, in UTC.
        payload: Values for the text.
        recipient: Token of the customer's e-mail address, or None.
        country: Country of the delivery, or None.
        language: Language of the customer, or None.
        has_consent: True if the customer agreed to marketing.
        is_silenced: True if an operator asked not to tell it.
    """

    kind: str
    subject_id: str
    occasion: str
    order_id: str | None
    occurred_at: datetime
    payload: dict[str, Any]
    recipient: str | None
    country: str | None
    language: str | None
    has_consent: bool
    is_silenced: bool = False


class Published:
    """Published version from which facts are selected.

    Attributes:
        version: The version.
        as_of: The clock of its numbers, in UTC.
        reader: Its open tables.
    """

    def __init__(self, version: PublishedVersion, reader: duckdb.DuckDBPyConnection) -> None:
        self.version = version
        self.as_of = datetime.fromisoformat(version.as_of).replace(tzinfo=UTC)
        self._reader = self.reader = reader
        with self._errors():
            reader.execute(_text("prelude"))

    @classmethod
    @contextlib.contextmanager
    def opened(cls, settings: Settings, version: PublishedVersion, role: Role = OWNER) -> Iterator[Published]:
        """Open a version, for a role that sees texts of messages or for the owner of the machine.

        Raises:
            OrderhouseError: It cannot be read, or lacks a table or column.
        """
        with contextlib.closing(open_reader(settings, role=role, path=version.path)) as reader:
            yield cls(version, reader)

    def facts(
        self, kind: Kind, *, since: datetime, subjects: Sequence[str] | None = None, order_id: str | None = None
    ) -> Iterator[Fact]:
        """Yield the facts of a kind from an instant on, the oldest first.

        Args:
            kind: The kind.
            since: The instant.
            subjects: Only these subjects; all by default.
            order_id: Only this order; all by default.

        Raises:
            OrderhouseError: The version lacks a table or column, because another release published it.
        """
        values: dict[str, object] = {
            "since": since.astimezone(UTC).replace(tzinfo=None),
            "subjects": list(subjects) if subjects is not None else None,
            "order_id": order_id,
        }
        if "$as_of" in kind.query:
            values["as_of"] = self.as_of.replace(tzinfo=None)
        with self._errors():
            # A campaign tells people and no orders, so its query stands alone.
            told = kind.query if kind.subject == "customer" else f"with found as (\n{kind.query})\n{_text('told')}"  # noqa: S608
            found = self._reader.execute(told, values)
            while rows := found.fetchmany(ROWS_AT_ONCE):
                yield from [_fact(kind, row) for row in rows]

    def rows(self, sql: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Return the rows of a query with named parameters over the published tables.

        Raises:
            OrderhouseError: The version lacks a table or column, because another release published it.
        """
        with self._errors():
            return self._reader.execute(sql, dict(values)).fetchall()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (duckdb.BinderException, duckdb.CatalogException):
            raise OrderhouseError(
                f"Version {self.version.number} was published by another release, so no messages are made of it. "
                "Publish again with `orderhouse run --full`."
            ) from None


def _fact(kind: Kind, row: tuple[Any, ...]) -> Fact:
    (subject_id, occasion, order_id, at, payload, items, tracking_id, currency, seller, country, recipient, language,
     is_silenced, has_consent) = row  # fmt: skip
    values = {"order_id": order_id, "tracking_id": tracking_id, "currency": currency} if order_id else {}
    values |= {"legal_entity": seller} if seller else {}
    values |= json.loads(payload) | ({"items": json.loads(items)} if items else {})
    instant = at.replace(tzinfo=UTC)
    return Fact(
        kind.name, subject_id, occasion, order_id, instant, values, recipient, country, language, has_consent,
        is_silenced,
    )  # fmt: skip


@cache
def _text(name: str) -> str:
    return (Path(__file__).with_name("queries") / f"{name}.sql").read_text(encoding="utf-8")
