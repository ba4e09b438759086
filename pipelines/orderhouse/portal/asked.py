"""Requests of customers, landed or in a published version, and their state."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orderhouse.files.landed_actions import landed_names, landed_text

__all__ = ["CUSTOMER", "KINDS", "Asked", "Request", "requests_of"]

# Actor and role of the records.
CUSTOMER = "customer"
KINDS = ("request_cancel", "request_change", "request_return")
# Kinds of action that decide about a request, and what they say. A cancelled order says it of a request to cancel.
DECISIONS = {
    "request_cancel": {"decline": "declined"},
    "request_change": {
        "approve": "approved", "change_address": "approved", "change_promise": "approved", "decline": "declined",
    },
    "request_return": {"approve_return": "approved", "decline_return": "declined"},
}  # fmt: skip
# Nanoseconds after which a change of the folder has another mark.
TICK = 100_000_000


@dataclass(frozen=True)
class Request:
    """One request of a customer.

    Attributes:
        action_id: Its action.
        order_id: The order.
        kind: `request_cancel`, `request_change` or `request_return`.
        at: Instant, ISO 8601 in UTC.
        line: The line of a return.
        quantity: The units of a return.
        status: `awaiting_approval`, `approved`, `declined` or `rejected` (no longer possible when it was processed).
    """

    action_id: str
    order_id: str
    kind: str
    at: str
    line: str | None = None
    quantity: int | None = None
    status: str = "awaiting_approval"


class Asked:
    """Requests that landed in the folder of actions, by order. A landed file never changes, so it is read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._mark: int | None = None
        self._read: dict[str, list[Request]] = {}
        self._by_order: dict[str, list[Request]] = {}

    def of(self, order_id: str) -> list[Request]:
        """Return the requests about an order that landed, also by another worker a moment ago."""
        try:
            mark = os.stat(self.folder).st_mtime_ns  # noqa: PTH116 - half the time of Path.stat
        except OSError:
            return []
        if mark != self._mark:
            with self._lock:
                self._refresh()
                # The next file may come in the same tick of the clock and leave the mark as it is.
                self._mark = mark if time.time_ns() - mark > TICK else None
        return self._by_order.get(order_id, [])

    def _refresh(self) -> None:
        names = set(landed_names(self.folder))
        for gone in self._read.keys() - names:
            del self._read[gone]
        for name in names - self._read.keys():
            self._read[name] = _requests_in(self.folder / name)
        found: dict[str, list[Request]] = {}
        for requests in self._read.values():
            for request in requests:
                found.setdefault(request.order_id, []).append(request)
        self._by_order = found


def _requests_in(path: Path) -> list[Request]:
    try:
        records = [json.loads(line) for line in landed_text(path).splitlines()]
    except (OSError, ValueError):  # erased meanwhile, or not ours
        return []
    return [
        Request(
            action_id=record["action_id"],
            order_id=record["order_id"],
            kind=record["kind"],
            at=record["occurred_at"],
            line=record.get("line_id"),
            quantity=record.get("quantity"),
        )
        for record in records
        if isinstance(record, dict)
        and record.get("actor") == CUSTOMER
        and record.get("kind") in KINDS
        and {"action_id", "order_id", "occurred_at"} <= record.keys()
    ]


def requests_of(document: Mapping[str, Any], landed: list[Request]) -> list[Request]:
    """Return all requests about an order with their state: published ones, and those that wait for a run."""
    order_id = document["order_id"]
    published = [
        Request(
            each["action_id"],
            order_id,
            each["kind"],
            each["at"],
            each["line"],
            each["quantity"],
            _status(document, each),
        )
        for each in document["requests"]
        if each["by_customer"] and each["kind"] in KINDS
    ]
    known = {each.action_id for each in published}
    return sorted(
        [*published, *(each for each in landed if each.action_id not in known)],
        key=lambda each: (each.at, each.action_id),
    )


def _status(document: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    """Return the state of a published request: what became of the order and of its returns since."""
    if not request["is_accepted"]:
        return "rejected"
    decided = _decision(document, request)
    if request["kind"] == "request_cancel" and document["order_status"] == "cancelled":
        return "approved"
    if decided is not None:
        return decided
    if request["kind"] != "request_return" and (document["shipped"] or document["order_status"] == "cancelled"):
        return "declined"
    if request["kind"] == "request_return":
        later = [
            each
            for each in document["returns"]
            if each["line"] == request["line"] and (each["last_event_at"] or "") >= request["at"]
        ]
        if any(each["status"] == "declined" for each in later):
            return "declined"
        if any(each["status"] in ("approved", "received", "restocked", "scrapped") for each in later):
            return "approved"
    return "awaiting_approval"


def _decision(document: Mapping[str, Any], request: Mapping[str, Any]) -> str | None:
    """Return what the merchant's latest action since says about a request; None without one."""
    words = DECISIONS[request["kind"]]
    found = [
        words[each["kind"]]
        for each in document["requests"]
        if each["kind"] in words
        and each["is_accepted"]
        and each["at"] >= request["at"]
        and each["line"] in (None, request["line"])
    ]
    return found[-1] if found else None
