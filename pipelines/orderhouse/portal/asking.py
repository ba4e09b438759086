"""Asking: what the customer of an order may ask for now, and whether a filled-in form is such a request.

Before the first parcel leaves, the customer may ask to cancel, or to change the address or the day. After delivery, the
customer may ask to return units of a line: delivered ones that were not asked for before, within the days of the
category. Whoever works for the merchant decides; nothing here changes an order.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from orderhouse.portal.asked import CUSTOMER, Request

__all__ = [
    "ADDRESS",
    "REASONS",
    "FormError",
    "May",
    "Returnable",
    "may_ask",
    "records_of",
    "request_id_of",
    "seen_mark",
]

NAMESPACE = uuid.UUID("6f0c1f5e-3c1b-5a57-9a5e-0b7c5a3d9e21")
ADDRESS = ("ship_name", "ship_street", "ship_postcode", "ship_city")
REASONS = ("not_as_described", "damaged", "wrong_item", "does_not_fit", "no_longer_wanted", "other")
TEXT_CHARACTERS = 200
FURTHEST_DAYS = 60

Record = dict[str, Any]


@dataclass(frozen=True)
class Returnable:
    """One line of which units may be returned.

    Attributes:
        line: The line.
        name: Name of the product.
        at_most: Units that may still be asked for.
        until: Last instant, UTC.
    """

    line: str
    name: str
    at_most: int
    until: datetime


@dataclass(frozen=True)
class May:
    """Requests that are possible now."""

    cancel: bool
    change: bool
    returns: list[Returnable]

    def kind(self, kind: str) -> bool:
        """Tell if a kind of request may be made."""
        return {"cancel": self.cancel, "change": self.change, "return": bool(self.returns)}.get(kind, False)


class FormError(Exception):
    """A form that is no request.

    Attributes:
        word: Name of the sentence in `languages`.
    """

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def may_ask(
    document: Mapping[str, Any],
    requests: Sequence[Request],
    *,
    now: datetime,
    days: int,
    days_by_category: Mapping[str, int],
) -> May:
    """Return what the customer may ask for.

    Args:
        document: The document of the order.
        requests: All requests about it.
        now: The present, by the clock of the orders.
        days: Days after delivery for a return.
        days_by_category: The same for the products of a category.
    """
    is_open = document["order_status"] not in ("cancelled", "closed") and document["open"] > 0
    before_dispatch = is_open and document["shipped"] == 0 and not document["parcels"]
    waiting = {each.kind for each in requests if each.status in ("awaiting_approval", "approved")}
    cancel = before_dispatch and "request_cancel" not in waiting
    change = before_dispatch and "request_cancel" not in waiting and "request_change" not in waiting
    found = [
        each
        for line in document["lines"]
        if (each := _returnable(document, line, requests, days=days_by_category.get(line["category"] or "", days)))
        and each.at_most > 0
        and now <= each.until
    ]
    return May(cancel, change, found)


def _returnable(
    document: Mapping[str, Any], line: Mapping[str, Any], requests: Iterable[Request], *, days: int
) -> Returnable | None:
    if not (line["is_returnable"] and line["delivered"] and line["delivered_at"] and days):
        return None
    returned = sum(
        each["asked"] for each in document["returns"] if each["line"] == line["line"] and not each["is_cancelled"]
    )
    published = {each["action_id"] for each in document["requests"]}
    own = [each for each in requests if each.kind == "request_return" and each.line == line["line"]]
    # A published request and the return that came of it are the same units; one that just landed is in neither.
    processed = sum(each.quantity or 0 for each in own if each.action_id in published and each.status != "rejected")
    landed = sum(each.quantity or 0 for each in own if each.action_id not in published)
    left = line["delivered"] - max(returned, processed, line["returned"]) - landed
    try:
        until = datetime.fromisoformat(line["delivered_at"]) + timedelta(days=days)
    except (ValueError, OverflowError):  # beyond the years 1 to 9999, which earlier releases accepted
        return None
    return Returnable(line["line"], line["name"], max(left, 0), until)


def seen_mark(requests: Sequence[Request]) -> str:
    """Return a mark of what had been asked for when a form was shown.

    A form that was shown before something was asked for is not taken any more, unless it is that very request.
    """
    text = "\n".join(f"{each.action_id} {each.status}" for each in requests)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def request_id_of(kind: str, form: Mapping[str, str], *, order_id: str, seen: str) -> uuid.UUID:
    """Return the id of a request: the same form, shown in the same state, is the same request.

    Args:
        kind: `cancel`, `change` or `return`.
        form: Fields of the form.
        order_id: The order.
        seen: Mark of what had been asked for when the form was shown.
    """
    content = json.dumps(sorted((name, text) for name, text in form.items() if name not in ("token", "proof")))
    return uuid.uuid5(NAMESPACE, f"{order_id}\n{kind}\n{seen}\n{content}")


def records_of(
    kind: str, form: Mapping[str, str], may: May, *, order_id: str, request_id: uuid.UUID, now: datetime, today: date
) -> list[Record]:
    """Return the records of a request for the feed `actions`.

    Args:
        kind: `cancel`, `change` or `return`.
        form: Fields of the form.
        may: What may be asked for now.
        order_id: The order.
        request_id: Id of the request.
        now: Instant of the request, UTC.
        today: Business day of `now`.

    Raises:
        FormError: The form is no request that may be made.
    """
    if not may.kind(kind):
        raise FormError("error_no_longer")
    base = {
        "order_id": order_id,
        "kind": f"request_{kind}",
        "occurred_at": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "actor": CUSTOMER,
        "role": CUSTOMER,
    }
    if kind == "return":
        return _return_records(form, may, base, request_id)
    details = {"reason": _text(form, "reason")} if kind == "cancel" else _change(form, today)
    return [{"action_id": str(request_id), **base, **{name: value for name, value in details.items() if value}}]


def _change(form: Mapping[str, str], today: date) -> Record:
    address = {name: _text(form, name) for name in ADDRESS if _text(form, name)}
    day = _text(form, "day")
    if not address and not day:
        raise FormError("error_nothing")
    if address and not {"ship_street", "ship_postcode", "ship_city"} <= address.keys():
        raise FormError("error_address")
    payload: Record = dict(address)
    if day:
        payload["day"] = _day(day, today)
    return {"payload": _json(payload)}


def _day(text: str, today: date) -> str:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise FormError("error_day") from None
    if not today < found <= today + timedelta(days=FURTHEST_DAYS):
        raise FormError("error_day")
    return found.isoformat()


def _return_records(form: Mapping[str, str], may: May, base: Record, request_id: uuid.UUID) -> list[Record]:
    reason = form.get("reason", "")
    if reason not in REASONS:
        raise FormError("error_reason")
    told = _text(form, "comment")
    records = []
    for each in may.returns:
        text = form.get(f"quantity-{each.line}", "").strip() or "0"
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= each.at_most):
            raise FormError("error_quantity")
        if int(text):
            records.append(
                {
                    "action_id": str(uuid.uuid5(request_id, each.line)),
                    **base,
                    "line_id": each.line,
                    "quantity": int(text),
                    "reason": f"{reason}: {told}" if told else reason,
                }
            )
    if not records:
        raise FormError("error_nothing")
    return records


def _text(form: Mapping[str, str], name: str) -> str:
    """Return a text of one line, without control characters and of bounded length."""
    text = "".join(mark if mark.isprintable() else " " for mark in form.get(name, ""))
    return " ".join(text.split())[:TEXT_CHARACTERS]


def _json(value: Record) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
