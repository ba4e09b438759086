"""The Stripe objects in a file: lists, events and expanded parts opened until charges, refunds and disputes are found.

Stripe nests by taste of the caller (any id may be expanded into its object), so that a file has no fixed shape. Opening
it is part of decoding JSON; what the objects mean belongs in `payments`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.stripe.kinds import is_known
from orderhouse.sources.readers.json_checks import RULE, unwritable
from orderhouse.sources.readers.json_text import each_record, read_values
from orderhouse.sources.readers.records import Malformed

__all__ = ["Batch", "Found", "at", "read_objects"]

Object = dict[str, Any]
EVENT_TYPE = re.compile(r"^[a-z0-9_]+(?:\.[a-z0-9_]+)+$")
PAYMENTS = ("charge", "refund", "dispute")


@dataclass(frozen=True)
class Found:
    """A charge, refund or dispute.

    Attributes:
        kind: What it is.
        record: Its record.
        body: The object.
        event: The type of the event that brought it, and the event's instant; empty outside of an event.
        at: The event's instant in seconds.
    """

    kind: str
    record: int
    body: Object
    event: str = ""
    at: str | None = None


@dataclass
class Batch:
    """Some objects of a file, what is no object of Stripe's, and what nothing is taken from, by what it is called."""

    found: list[Found] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    unused: list[tuple[str, int]] = field(default_factory=list)
    test_mode: int = 0


def read_objects(file: SourceFile) -> Iterator[Batch]:
    """The objects of a file, a bounded number at a time where it is one of lines.

    Raises:
        FileRejected: It is not JSON, or not UTF-8.
        FileVanished: It is not there any more.
    """
    for values in read_values(file):
        batch = Batch(malformed=list(values.malformed))
        for record, inner in each_record(values, _items):
            _sort_in(batch, record, inner)
        yield batch


def at(body: Object, path: str) -> str | None:
    """A plain value by its dotted path; None where there is none."""
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) and value.strip() else None


def _items(value: Any) -> Iterator[Any]:
    """The objects of a list, of a file of fixtures, or the value itself: each is a record."""
    if isinstance(value, dict) and value.get("object") == "list" and isinstance(value.get("data"), list):
        yield from value["data"]
    elif isinstance(value, dict) and "object" not in value and isinstance(value.get("resources"), dict):
        yield from value["resources"].values()
    else:
        yield value


def _sort_in(batch: Batch, record: int, value: Any) -> None:
    bad = unwritable(record, value)
    if bad is not None:
        batch.malformed.append(bad)
        return
    found, unused = _opened(record, value)
    if not found and not unused:
        text = json.dumps(value, ensure_ascii=False)
        batch.malformed.append(Malformed(record, RULE, _explain(value), text))
        return
    batch.found += found
    batch.unused += [(unused, record)] if not found else []
    batch.test_mode += isinstance(value, dict) and value.get("livemode") is False


def _explain(value: Any) -> str:
    if not isinstance(value, dict):
        return "the record is not a JSON object"
    if value.get("object") == "event":
        return "the event holds no object of Stripe's that is known"
    name = value.get("object")
    if isinstance(name, str):
        return "the record is of a kind of object that is not known"
    return "the record does not say in `object` which object of Stripe's it is"


def _opened(record: int, value: Any) -> tuple[list[Found], str]:
    """Charges, refunds and disputes in a value; and what it is called if there are none, empty if that is unknown."""
    if not isinstance(value, dict):
        return [], ""
    kind = value.get("object")
    if kind != "event":
        known = isinstance(kind, str) and is_known(kind)
        return list(_inside(record, value, "", None)), f"{kind} objects" if known else ""
    data, type_ = value.get("data"), value.get("type")
    body = data.get("object") if isinstance(data, dict) else None
    if not isinstance(body, dict) or not isinstance(type_, str) or not EVENT_TYPE.match(type_):
        return [], ""
    name = body.get("object")
    known = isinstance(name, str) and is_known(name)
    return list(_inside(record, body, type_, at(value, "created"))), f"{type_} events" if known else ""


def _inside(record: int, body: Any, event: str, instant: str | None) -> Iterator[Found]:
    """An object and what of interest is expanded in it. An expanded part was not what the event is about."""
    if not isinstance(body, dict):
        return
    kind = body.get("object")
    if kind in PAYMENTS:
        yield Found(kind, record, body, event, instant)
    if kind == "charge":
        for refund in _listed(body.get("refunds")):
            yield from _inside(record, {"charge": body.get("id"), **_as_object(refund)}, "", None)
        yield from _inside(record, body.get("dispute"), "", None)
    elif kind in ("refund", "dispute"):
        yield from _inside(record, body.get("charge"), "", None)
    elif kind == "payment_intent":
        yield from _inside(record, body.get("latest_charge"), "", None)
        for charge in _listed(body.get("charges")):
            yield from _inside(record, charge, "", None)
    elif kind == "balance_transaction" and isinstance(body.get("source"), dict):
        yield from _inside(record, {**body["source"], "balance_transaction": body}, event, instant)


def _listed(value: Any) -> list[Any]:
    data = value.get("data") if isinstance(value, dict) else value
    return data if isinstance(data, list) else []


def _as_object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}
