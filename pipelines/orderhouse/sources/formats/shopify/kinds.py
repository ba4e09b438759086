"""The objects of a Shopify file in their order, by kind.

The key around an object (``{"order": …}``, ``{"orders": […]}``) gives its kind, or else the fields that only its kind
has. The translation of the kinds belongs in the other modules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.readers.json_objects import Object
from orderhouse.sources.readers.json_text import iterate_records, read_values
from orderhouse.sources.readers.records import Malformed

__all__ = ["SET_ASIDE", "Batch", "read_kinds"]

ENVELOPES: dict[str, str] = {
    "order": "order",
    "draft_order": "draft_order",
    "refund": "refund",
    "fulfillment": "fulfillment",
    "fulfillment_event": "fulfillment_event",
    "transaction": "transaction",
    "product": "product",
    "customer": "customer",
    "inventory_level": "inventory_level",
    "inventory_item": "inventory_item",
    "location": "location",
    "payout": "payout",
    "dispute": "dispute",
    "checkout": "checkout",
    "shop": "shop",
}
KIND_OF_KEY = ENVELOPES | {f"{name}s": kind for name, kind in ENVELOPES.items()}

# Kinds in the order of the checks: an object is of the first kind whose fields it has.
SIGNATURES: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("balance_transaction", (("payout_status",), ("source_order_transaction_id",))),
    ("refund", (("refund_line_items",), ("order_adjustments", "order_id"))),
    ("dispute", (("initiated_at", "amount"), ("network_reason_code", "amount"))),
    ("payout", (("date", "amount", "summary"),)),
    ("transaction", (("kind", "amount", "status"), ("kind", "amount", "gateway"))),
    ("fulfillment_event", (("fulfillment_id", "happened_at"),)),
    ("inventory_level", (("inventory_item_id", "location_id"),)),
    ("inventory_item", (("sku", "tracked"),)),
    ("checkout", (("abandoned_checkout_url",),)),
    ("draft_order", (("invoice_url", "line_items"), ("invoice_sent_at", "line_items"))),
    ("order", (("order_number",), ("financial_status",), ("line_items", "total_price"))),
    (
        "fulfillment",
        (
            ("order_id", "tracking_number"),
            ("order_id", "tracking_numbers"),
            ("order_id", "tracking_company"),
            ("order_id", "line_items", "status"),
        ),
    ),
    ("product", (("variants",), ("product_type", "handle"))),
    ("customer", (("orders_count",), ("verified_email",), ("tax_exempt",), ("default_address",))),
    ("shop", (("myshopify_domain",),)),
    ("location", (("name", "address1", "country_code"),)),
)

SET_ASIDE: dict[str, str] = {
    "draft_order": "draft orders (nothing is sold before they become orders)",
    "checkout": "checkouts (no cart is told by a list of unfinished forms)",
    "inventory_item": "inventory items (they are no whole product; products bring the SKU)",
    "location": "locations (fulfilments and refunds name them by id)",
    "shop": "shop settings",
}

UNKNOWN = (
    "the record is nothing that Shopify sends about orders: it is no order, refund, fulfillment, transaction, product, "
    "customer, inventory level, location, payout or dispute"
)


@dataclass(frozen=True)
class Batch:
    """Some objects of a file.

    Attributes:
        kinds: Objects by kind, each with its record: the line in a file of lines, else its running number.
        malformed: Records that are not objects, or of no known kind.
    """

    kinds: dict[str, list[tuple[int, Object]]] = field(default_factory=dict)
    malformed: list[Malformed] = field(default_factory=list)


def read_kinds(file: SourceFile) -> Iterator[Batch]:
    """Yield the objects of a file by kind, a bounded number at a time where the file is one of lines.

    Raises:
        FileRejected: The file is not JSON, or not UTF-8.
        FileVanished: The file no longer exists.
    """
    for values in read_values(file):
        batch = Batch(malformed=list(values.malformed))
        for record, (inner, kind) in iterate_records(values, _opened):
            _put(batch, record, kind, inner)
        yield batch


def _put(batch: Batch, record: int, kind: str | None, value: Any) -> None:
    if kind is not None and isinstance(value, dict):
        batch.kinds.setdefault(kind, []).append((record, value))
        return
    reason = UNKNOWN if isinstance(value, dict) else "the record is not a JSON object"
    batch.malformed.append(Malformed(record, "readable_record", reason, json.dumps(value, ensure_ascii=False)))


def _opened(value: Any) -> Iterator[tuple[Any, str | None]]:
    """Yield a value, or the content of its envelope, each with its kind.

    An envelope is an object without id in which only one value is nested.
    """
    key = _envelope(value)
    if key is None:
        yield value, _kind_of(value)
        return
    inside = value[key]
    for inner in inside if isinstance(inside, list) else [inside]:
        kind = _kind_of(inner)
        yield inner, "balance_transaction" if kind == "balance_transaction" else KIND_OF_KEY[key]


def _envelope(value: Any) -> str | None:
    if not isinstance(value, dict) or "id" in value:
        return None
    nested = [name for name, part in value.items() if isinstance(part, dict | list)]
    return nested[0] if len(nested) == 1 and nested[0] in KIND_OF_KEY else None


def _kind_of(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    for kind, signatures in SIGNATURES:
        if any(all(name in value for name in names) for names in signatures):
            return kind
    return None
