"""Tracking of one order: what its customer is told, as one JSON object with a stable form.

`docs/portal.md` describes the form. The numbers come from the published tables, see `documents.sql`; here they are put
together by parcel, and what the customer may ask is added by `asking`. Words for people belong to `languages`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from orderhouse.portal.asked import Request

__all__ = ["PARCEL_STATES", "STAGES", "tracking_of"]

Row = dict[str, Any]

STAGES = (
    "placed", "ready_to_ship", "awaiting_stock", "awaiting_payment", "part_shipped", "in_transit", "late",
    "delivery_problem", "delivered", "closed", "on_hold", "returned", "cancelled",
)  # fmt: skip
PARCEL_STATES = (
    "label_created", "accepted", "in_transit", "out_for_delivery", "ready_for_pickup", "delivered", "returning",
    "returned", "lost", "cancelled", "delayed", "attempt_failed", "exception", "unknown",
)  # fmt: skip
SHOWN_SCANS = 30


def tracking_of(document: Row, tracking_id: str, *, as_of: str, zone: str, requests: Iterable[Request]) -> Row:
    """Return the tracking of an order.

    Args:
        document: Its document.
        tracking_id: Its tracking id.
        as_of: Instant of the numbers, ISO 8601 in UTC.
        zone: Business time zone, in which days are meant.
        requests: What its customer has asked for, see `asked`.
    """
    names = {line["line"]: line["name"] for line in document["lines"]}
    return {
        "tracking_id": tracking_id,
        "order_id": document["order_id"],
        "as_of": as_of,
        "time_zone": zone,
        "stage": document["stage"],
        "items": {
            "ordered": document["ordered"] - document["cancelled"],
            "cancelled": document["cancelled"],
            "shipped": document["shipped"],
            "delivered": document["delivered"],
            "returned": document["returned"],
        },
        "is_cancelled": document["order_status"] == "cancelled",
        "is_on_hold": document["is_on_hold"],
        "is_late": document["is_late"],
        "has_delivery_problem": document["has_delivery_problem"],
        "promise": _promise(document, as_of),
        "timeline": _timeline(document),
        "parcels": _parcels(document, names),
        "open_items": _open_items(document),
        "cancelled_items": [
            {"line": line["line"], "name": line["name"], "quantity": line["cancelled"]}
            for line in document["lines"]
            if line["cancelled"]
        ],
        "returns": [
            {
                "line": each["line"],
                "name": names.get(each["line"], each["line"]),
                "quantity": each["asked"],
                "status": "cancelled" if each["is_cancelled"] else each["status"],
                "opened_at": each["opened_at"],
                "last_event_at": each["last_event_at"],
            }
            for each in document["returns"]
        ],
        "refunds": document["refunds"],
        "requests": [
            {
                "kind": each.kind,
                "line": each.line,
                "name": names.get(each.line or ""),
                "quantity": each.quantity,
                "asked_at": each.at,
                "status": each.status,
            }
            for each in requests
        ],
    }


def _promise(document: Row, as_of: str) -> Row | None:
    """Return the promise; of a late order with the carriers' new date, the last one of its parcels."""
    if document["current_promised_at"] is None:
        return None
    estimates = [
        each["estimated_delivery_at"]
        for each in document["parcels"]
        if each["outcome"] == "on_the_way" and (each["estimated_delivery_at"] or "") > as_of
    ]
    return {
        "at": document["current_promised_at"],
        "is_date_only": document["promise_is_date_only"],
        "first_at": document["first_promised_at"],
        "has_moved": document["first_promised_at"] != document["current_promised_at"],
        "new_date_at": max(estimates) if estimates and document["is_late"] else None,
    }


def _timeline(document: Row) -> list[Row]:
    """Return the steps of an order, with the instants of those that have been reached."""
    is_whole = document["open"] == 0 and document["shipped"] > 0
    steps = [("placed", document["placed_at"]), ("confirmed", document["confirmed_at"])]
    if document["is_shipment_tracked"]:
        steps.append(
            ("part_shipped" if not is_whole and document["first_shipped_at"] else "shipped", _shipped(document))
        )
    if document["is_delivery_tracked"]:
        steps.append(("delivered", document["delivered_at"]))
    if document["order_status"] == "cancelled":
        steps = [step for step in steps if step[1]] + [("cancelled", document["cancelled_at"])]
        return [{"step": step, "is_reached": True, "at": at} for step, at in steps]
    return [{"step": step, "is_reached": at is not None, "at": at} for step, at in steps]


def _shipped(document: Row) -> str | None:
    at: str | None = document["last_shipped_at"] if document["shipped"] else None
    return at


def _parcels(document: Row, names: dict[str, str]) -> list[Row]:
    return [
        {
            "number": number,
            "carrier": each["carrier"],
            "service": each["service"],
            "tracking_number": each["tracking_number"],
            "status": each["outcome"] if each["outcome"] in ("lost", "cancelled", "returned") else each["status"],
            "has_problem": each["has_problem"],
            "shipped_at": each["shipped_at"],
            "estimated_delivery_at": each["estimated_delivery_at"],
            "delivered_at": each["delivered_at"],
            "last_scan_at": each["last_scan_at"],
            "silent_since": each["heard_at"] if each["is_silent"] else None,
            "items": [
                {"line": item["line"], "name": names.get(item["line"], item["line"]), "quantity": item["quantity"]}
                for item in _of(document["contents"], each["parcel"])
            ],
            "scans": [
                {"status": scan["status"], "at": scan["at"]}
                for scan in _of(document["scans"], each["parcel"])[:SHOWN_SCANS]
            ],
        }
        for number, each in enumerate(document["parcels"], 1)
    ]


def _of(rows: Sequence[Row], parcel: str) -> list[Row]:
    return [each for each in rows if each["parcel"] == parcel]


def _open_items(document: Row) -> list[Row]:
    return [
        {
            "line": line["line"],
            "name": line["name"],
            "quantity": line["open"],
            "is_backordered": line["backordered"] > 0,
            "promise": (
                {"at": line["promised_at"], "is_date_only": line["promise_is_date_only"]}
                if line["promised_at"]
                else None
            ),
        }
        for line in document["lines"]
        if line["open"] and line["requires_shipping"]
    ]
