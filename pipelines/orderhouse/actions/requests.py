"""Requests of operators: a kind of action, its parameters and its subjects, checked before anything is looked up."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from orderhouse.errors import OrderhouseError

__all__ = ["FEW", "LINE_KINDS", "MOST_SUBJECTS", "TELLING_KINDS", "Request", "Subject", "new_request_id"]

# Subjects of one request. Its records are one file, and its answers one table of a page.
MOST_SUBJECTS = 10_000
MOST_TEXT = 2_000
LINE_KINDS = ("cancel_line", "route")
# Kinds from which a message to the customer follows, and the number of subjects above which a person must say so.
TELLING_KINDS = ("cancel", "cancel_line")
FEW = 20
REQUEST_ID = re.compile(r"[0-9a-f]{32}")
CODE = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
# Ids of actions are derived from the request and the subject, so that a repeated request gives the same ones.
NAMESPACE = uuid.UUID("0b0a2f3c-8f0e-5c65-9a39-6c4b3f6f2d11")


@dataclass(frozen=True)
class Subject:
    """Subject of an action: an order, a line of an order, or an exception.

    Attributes:
        order_id: The order; None for an exception.
        line_id: The line of the order, for cancel_line and route.
        exception_id: The exception; None for an order.
        seen: The version that the operator saw, see `states.Seen`; None if the operator saw none.
        warehouse_id: Warehouse of its own in a request of many routes; None for that of the request.
        quantity: Units of its own; None for those of the request.
    """

    order_id: str | None = None
    line_id: str | None = None
    exception_id: str | None = None
    seen: str | None = None
    warehouse_id: str | None = None
    quantity: int | None = None

    @property
    def name(self) -> str:
        """Return the subject as people name it."""
        if self.exception_id is not None:
            return f"exception {self.exception_id}"
        line = f", line {self.line_id}" if self.line_id is not None else ""
        return f"order {self.order_id}{line}" + (f" from {self.warehouse_id}" if self.warehouse_id is not None else "")


@dataclass(frozen=True)
class Request:
    """One request: an action on one or many subjects, with one set of parameters.

    Attributes:
        request_id: Id that the page or command made, 32 hexadecimal digits. A repeated request has the same one.
        kind: Kind of action, as in the feed `actions`.
        subjects: The subjects.
        quantity: Units of the line, of subjects without units of their own; None for all that are left.
        warehouse_id: Warehouse of a route, of subjects without one of their own.
        accepts_proposals: True if each route is taken only as long as it is proposed and its stock is there.
        promised_at: New promise: a day such as 2026-03-31, or an instant with an offset.
        assignee: Person to whom an exception is given.
        snoozed_until: Business day on which an exception is back in the worklist.
        tells_customer: False if the customer is not to be told of what the action does; None if nobody said so.
        reason: Reason or note. It is personal data: the vault holds it after the next run.
    """

    request_id: str
    kind: str
    subjects: tuple[Subject, ...] = field(default=())
    quantity: int | None = None
    warehouse_id: str | None = None
    accepts_proposals: bool = False
    promised_at: str | None = None
    assignee: str | None = None
    snoozed_until: date | None = None
    tells_customer: bool | None = None
    reason: str | None = None

    def action_id(self, subject: Subject) -> str:
        """Return the id of the action on a subject; a repeated request has the same ids."""
        parts = [self.request_id, subject.order_id or "", subject.line_id or "", subject.exception_id or ""]
        # Units of one line can be routed to several warehouses.
        parts += [] if subject.warehouse_id is None else [subject.warehouse_id]
        return str(uuid.uuid5(NAMESPACE, "\x1f".join(parts)))

    def warehouse_of(self, subject: Subject) -> str | None:
        """Return the warehouse that a subject is routed to."""
        return self.warehouse_id if subject.warehouse_id is None else subject.warehouse_id

    def quantity_of(self, subject: Subject) -> int | None:
        """Return the units that are asked for of a subject; None for all that are left."""
        return self.quantity if subject.quantity is None else subject.quantity

    def check(self, now: datetime) -> None:
        """Refuse a request that no state could make possible.

        Args:
            now: The present instant, with a time zone.

        Raises:
            OrderhouseError: A parameter is missing or has no meaning.
        """
        if not REQUEST_ID.fullmatch(self.request_id):
            raise OrderhouseError("The request has no id of 32 hexadecimal digits. Open the page again.")
        texts = (self.kind, self.warehouse_id, self.promised_at, self.assignee, self.reason)
        named = (
            text
            for each in self.subjects
            for text in (each.order_id, each.line_id, each.exception_id, each.seen, each.warehouse_id)
        )
        if not all(_is_text(each) for each in (*texts, *named)):
            raise OrderhouseError("The action has characters that are not UTF-8. Type it again.")
        if not self.subjects:
            raise OrderhouseError("Nothing is chosen. Choose at least one row.")
        if len(self.subjects) > MOST_SUBJECTS:
            raise OrderhouseError(
                f"{len(self.subjects):,} rows are chosen, and one action takes {MOST_SUBJECTS:,} at most. "
                "Filter further, and act in parts."
            )
        if len({self.action_id(subject) for subject in self.subjects}) < len(self.subjects):
            raise OrderhouseError("A row is chosen twice. Choose each row once.")
        if self.accepts_proposals and (
            self.kind != "route" or any(each.warehouse_id is None or each.quantity is None for each in self.subjects)
        ):
            raise OrderhouseError("A proposal is accepted as a route that names its warehouse and its units.")
        ids = (text for each in self.subjects for text in (each.line_id, each.warehouse_id))
        for text in (self.warehouse_id, self.assignee, *ids):
            if text is not None and not CODE.fullmatch(text):
                raise OrderhouseError("An id has 1 to 200 characters and no line break.")
        if self.reason is not None and len(self.reason) > MOST_TEXT:
            raise OrderhouseError(f"The text has {len(self.reason):,} characters; it may have {MOST_TEXT:,}.")
        if self.kind == "note" and not self.reason:
            raise OrderhouseError("The note is empty. Write it first.")
        if any(
            units is not None and units < 1 for units in (self.quantity, *(each.quantity for each in self.subjects))
        ):
            raise OrderhouseError("Name at least one unit.")
        if self.kind in TELLING_KINDS and self.tells_customer is None and len(self.subjects) > FEW:
            raise OrderhouseError(
                f"The customers of {len(self.subjects):,} orders would be told. Choose if they are told or not."
            )
        if self.promised_at is not None and _end_of_promise(self.promised_at) < now:
            raise OrderhouseError(f"The promise {self.promised_at} has passed. Name a later one.")

    def record(self, subject: Subject, actor: str, role: str, occurred_at: datetime) -> dict[str, object]:
        """Return the record of the feed for one subject, without empty columns."""
        named = {
            "action_id": self.action_id(subject),
            "order_id": subject.order_id,
            "subject_kind": "exception" if subject.exception_id is not None else None,
            "subject_id": subject.exception_id,
            "kind": self.kind,
            "occurred_at": occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": actor,
            "role": role,
            "line_id": subject.line_id,
            "quantity": self.quantity_of(subject) if self.kind in LINE_KINDS else None,
            "warehouse_id": self.warehouse_of(subject),
            "promised_at": self.promised_at,
            "assignee": self.assignee,
            "snoozed_until": self.snoozed_until.isoformat() if self.snoozed_until else None,
            "tells_customer": False if self.tells_customer is False and self.kind in TELLING_KINDS else None,
            "seen_version": subject.seen,
            "reason": self.reason or None,
        }
        return {name: value for name, value in named.items() if value is not None}


def new_request_id() -> str:
    """Return an id for a new request."""
    return uuid.uuid4().hex


def _end_of_promise(text: str) -> datetime:
    """Return the last instant of a promise, read as the contract reads it.

    A day lasts until it has ended everywhere.
    """
    import polars as pl

    from orderhouse.contracts import CONTRACTS
    from orderhouse.contracts.notation import Notation
    from orderhouse.contracts.parsing import parse

    parsed = parse(CONTRACTS["actions"], pl.DataFrame({"promised_at": [text]}), Notation(None))
    broken = {rule.partition("|")[2] for rule, mask in parsed.failures.items() if mask.any()}
    if broken == {"has_offset"}:
        raise OrderhouseError(f"{text!r} has no offset. Write an instant such as 2026-03-31T18:00+02:00, or a day.")
    ((found, is_day),) = parsed.frame.select("promised_at", "promise_is_date_only").rows()
    if broken or found is None:
        raise OrderhouseError(f"{text!r} is no day and no instant. Write one such as 2026-03-31.")
    last = datetime.combine(found.date(), datetime.max.time()) if is_day else found
    return last.replace(tzinfo=UTC)


def _is_text(value: object) -> bool:
    """Return False for a text with half a character, which a terminal gives for bytes that are not UTF-8."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True
