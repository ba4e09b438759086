"""The WooCommerce objects in a file, told apart by what they have: nothing in them says what they are.

What the objects mean belongs in `orders`, `refunds` and `catalogue`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.readers.json_checks import RULE, unwritable
from orderhouse.sources.readers.json_objects import Object
from orderhouse.sources.readers.json_text import each_record, read_values
from orderhouse.sources.readers.records import Malformed

__all__ = ["KINDS", "UNUSED", "Batch", "read_objects"]

BATCH = {"create", "update", "delete"}
KINDS: dict[str, frozenset[str]] = {
    "refund": frozenset({"id", "amount", "refunded_by"}),
    "order": frozenset({"id", "line_items", "currency", "total"}),
    "customer": frozenset({"id", "email", "username"}),
    "product": frozenset({"id", "sku", "regular_price"}),
}
UNUSED: dict[str, frozenset[str]] = {
    "downloads of customers": frozenset({"download_id", "order_id"}),
    "coupons": frozenset({"code", "discount_type"}),
    "order notes": frozenset({"note", "customer_note", "author"}),
    "pings of webhooks": frozenset({"webhook_id"}),
}
DELETED = "notices of something deleted"
OBJECT_OR_EMPTY = ("billing", "shipping")
REFUNDED_ITEM = "_refunded_item_id"

Records = list[tuple[int, Object]]


@dataclass
class Batch:
    """Some objects of a file by kind, what is none, and what nothing is taken from, by what it is called."""

    kinds: dict[str, Records] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    malformed: list[Malformed] = field(default_factory=list)
    unused: list[tuple[str, int]] = field(default_factory=list)


def read_objects(file: SourceFile) -> Iterator[Batch]:
    """The objects of a file, a bounded number at a time where it is one of lines.

    Raises:
        FileRejected: It is not JSON, or not UTF-8.
        FileVanished: It is not there any more.
    """
    for values in read_values(file):
        batch = Batch(malformed=list(values.malformed))
        for record, (inner, is_deleted) in each_record(values, _items):
            _sort_in(batch, record, inner, is_deleted)
        yield batch


def _items(value: Any) -> Iterator[tuple[Any, bool]]:
    """The objects of a batch, or the value itself; and whether it is gone."""
    is_batch = isinstance(value, dict) and bool(value) and value.keys() <= BATCH
    if not is_batch or not all(isinstance(part, list) for part in value.values()):
        yield value, False
        return
    for name, part in value.items():
        for inner in part:
            yield inner, name == "delete"


def _sort_in(batch: Batch, record: int, value: Any, is_deleted: bool) -> None:
    bad = unwritable(record, value)
    if bad is not None:
        batch.malformed.append(bad)
        return
    if not isinstance(value, dict):
        text = json.dumps(value, ensure_ascii=False)
        batch.malformed.append(Malformed(record, RULE, "the record is not a JSON object", text))
        return
    kind = _kind(value, KINDS)
    unused = _kind(value, UNUSED) or (DELETED if value.keys() == {"id"} else None)
    if kind:
        batch.kinds[kind].append((record, _tidied(kind, value)))
        batch.unused += [(f"the deletion of {kind}s", record)] if is_deleted else []
    elif unused:
        batch.unused.append((unused, record))
    else:
        reason = "the record is no order, refund, product or customer of WooCommerce"
        batch.malformed.append(Malformed(record, RULE, reason, json.dumps(value, ensure_ascii=False)))


def _kind(value: Object, kinds: dict[str, frozenset[str]]) -> str | None:
    return next((kind for kind, names in kinds.items() if names <= value.keys()), None)


def _tidied(kind: str, value: Object) -> Object:
    """PHP writes an empty object as a list; and of meta data, whose values have any shape, one key counts."""
    tidy = {name: None if name in OBJECT_OR_EMPTY and part == [] else part for name, part in value.items()}
    lines = tidy.get("line_items")
    if kind == "refund" and isinstance(lines, list):
        tidy["line_items"] = [_with_item(line) for line in lines]
    return tidy


def _with_item(line: Any) -> Any:
    if not isinstance(line, dict):
        return line
    meta = line.get("meta_data")
    pairs = [each for each in meta if isinstance(each, dict)] if isinstance(meta, list) else []
    items = [each.get("value") for each in pairs if each.get("key") == REFUNDED_ITEM]
    return {**line, "refunded_item": next((each for each in items if isinstance(each, str)), None)}
