"""The Stripe objects in a file: lists, events and expanded parts are opened to find those that are used.

Stripe lets a caller expand any id into its object, so a file has no fixed shape. Opening it is part of decoding JSON.
The meaning of the objects belongs in `payments` and `payouts`.
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
from orderhouse.sources.readers.json_text import iterate_records, read_values
from orderhouse.sources.readers.records import Malformed

__all__ = ["Batch", "Found", "at", "read_objects"]

Object = dict[str, Any]
EVENT_TYPE = re.compile(r"^[a-z0-9_]+(?:\.[a-z0-9_]+)+$")
USED = ("charge", "refund", "dispute", "payout")


@dataclass(frozen=True)
class Found:
    """A charge, refund, dispute or payout.

    Attributes:
        kind: ``charge``, ``refund``, ``dispute`` or ``payout``.
        record: Its record.
        body: The object.
        event: Type of the event that contains it; empty outside of an event.
        at: Instant of the event in seconds since 1970, as text.
    """

    kind: str
    record: int
    body: Object
    event: str = ""
    at: str | None = None


@dataclass
class Batch:
    """Some objects of a file.

    Attributes:
        found: Charges, refunds, disputes and payouts.
        malformed: Records that are not objects of Stripe.
        unused: Name of the kind and record, for objects that give no rows.
        test_mode: Number of objects of test mode.
    """

    found: list[Found] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    unused: list[tuple[str, int]] = field(default_factory=list)
    test_mode: int = 0


def read_objects(file: SourceFile) -> Iterator[Batch]:
    """Yield the objects of a file, a bounded number at a time where the file is one of lines.

    Raises:
        FileRejected: The file is not JSON, or not UTF-8.
        FileVanished: The file no longer exists.
    """
    for values in read_values(file):
        batch = Batch(malformed=list(values.malformed))
        for record, inner in iterate_records(values, _items):
            _sort_in(batch, record, inner)
        yield batch


def at(body: Object, path: str) -> str | None:
    """Return a plain value by its dotted path; None where there is none."""
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) and value.strip() else None


def _items(value: Any) -> Iterator[Any]:
    """Yield the objects of a list or of a file of fixtures, or the value itself; each is a record."""
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
    """Return the objects that are used in a value, and the name of its kind, empty if that is unknown."""
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
    """Yield an object, if it is used, and those expanded in it.

    An expanded part is not the subject of the event, so it gets no event.
    """
    if not isinstance(body, dict):
        return
    kind = body.get("object")
    if kind in USED:
        yield Found(kind, record, body, event, instant)
    if kind == "charge":
        # A refund inside a charge may lack the charge's id, which its payment needs as parent.
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
