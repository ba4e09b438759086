"""The WooCommerce objects in a file. They do not state their kind, so it is recognised by the keys that they have.

The meaning of the objects belongs in `orders`, `refunds` and `catalogue`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.readers.json_checks import RULE, unwritable
from orderhouse.sources.readers.json_objects import Object
from orderhouse.sources.readers.json_text import iterate_records, read_values
from orderhouse.sources.readers.records import Malformed

__all__ = ["KINDS", "UNUSED", "Batch", "read_objects"]

BATCH = {"create", "update", "delete"}
# Keys by kind. The first kind counts whose keys an object all has.
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
    """Some objects of a file.

    Attributes:
        kinds: Record and object by kind.
        malformed: Records that are not objects of WooCommerce.
        unused: Name of the kind and record, for objects that give no rows.
    """

    kinds: dict[str, Records] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    malformed: list[Malformed] = field(default_factory=list)
    unused: list[tuple[str, int]] = field(default_factory=list)


def read_objects(file: SourceFile) -> Iterator[Batch]:
    """Yield the objects of a file, a bounded number at a time where the file is one of lines.

    Raises:
        FileRejected: The file is not JSON, or not UTF-8.
        FileVanished: The file no longer exists.
    """
    for values in read_values(file):
        batch = Batch(malformed=list(values.malformed))
        for record, (inner, is_deleted) in iterate_records(values, _items):
            _sort_in(batch, record, inner, is_deleted)
        yield batch


def _items(value: Any) -> Iterator[tuple[Any, bool]]:
    """Yield the objects of a batch, or the value itself, each with a flag that is true for deleted objects."""
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
    """Return an object in the shape that is read.

    PHP writes an empty object as a list, which becomes None. Of the meta data, whose values have any shape, only one
    key
    is used.
    """
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
