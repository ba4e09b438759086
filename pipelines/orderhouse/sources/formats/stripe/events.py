"""Stripe's API objects and events as payments and payouts: webhook bodies, answers of lists, event logs, fixtures.

Every record gives rows, is ignored under a name that the ledger shows, or is malformed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.formats.stripe.disputes import later_movements, taken_and_back
from orderhouse.sources.formats.stripe.minor_units import instant_of
from orderhouse.sources.formats.stripe.objects import Batch, Found, Object, at, read_objects
from orderhouse.sources.formats.stripe.payments import (
    CHARGES,
    DISPUTES,
    LATER,
    REFUNDS,
    of_charges,
    of_disputes,
    of_refunds,
    typed,
)
from orderhouse.sources.formats.stripe.payouts import PAYOUTS, states_of
from orderhouse.sources.readers.records import RECORD

__all__ = ["StripeEvents", "order_paths"]

ORDER_PATHS = ("metadata.order_id", "metadata.order_number")
CLOSED = "charge.dispute.closed"
Fields = dict[str, str | None]


class StripeEvents(Format):
    """Objects and events of Stripe's API, one file at a time."""

    name = "stripe_events"
    version = "2"
    covers = ("payments", "payouts")

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the payments of one file, and the states of payouts."""
        (file,) = files
        paths = order_paths(source)
        unused: list[tuple[str, int]] = []
        test_mode = 0
        for batch in read_objects(file):
            frame, without = _payments(batch, paths)
            yield FeedRows("payments", file, frame, malformed=batch.malformed)
            payouts = _payouts(batch)
            if payouts.height:
                yield FeedRows("payouts", file, payouts)
            unused += batch.unused + without
            test_mode += batch.test_mode
        if unused or test_mode:
            records = pl.DataFrame({RECORD: [record for _, record in unused]}, schema={RECORD: pl.Int64})
            yield FeedRows(None, file, records, role="lookup", ignored=_named(unused, test_mode))


def order_paths(source: Declaration) -> tuple[str, ...]:
    """Return the paths of the order number: those that the source maps to `order_id`, else the usual metadata keys."""
    return tuple(path for path, names in source.renamed.items() if "order_id" in names) or ORDER_PATHS


def _payments(batch: Batch, paths: tuple[str, ...]) -> tuple[pl.DataFrame, list[tuple[str, int]]]:
    """Return the distinct rows of a batch, and the records that give no row, each with the name of its kind."""
    charges, refunds, disputes = (
        [found for found in batch.found if found.kind == kind] for kind in ("charge", "refund", "dispute")
    )
    later = [
        (each.record, _later(each.body, moved, paths)) for each in disputes for moved in later_movements(each.body)
    ]
    taken = [
        of_charges(_dated(typed([_charge(each.body, paths) for each in charges], _records(charges), CHARGES))),
        of_refunds(_dated(typed([_refund(each.body, paths) for each in refunds], _records(refunds), REFUNDS))),
        of_disputes(
            _dated(typed([_dispute(each, paths) for each in disputes], _records(disputes), DISPUTES)),
            _dated(typed([fields for _, fields in later], [record for record, _ in later], LATER)),
        ),
    ]
    rows = pl.concat([frame for frame, _ in taken])
    # One object may be in a file several times, alone and expanded in other objects.
    rows = rows.unique(maintain_order=True).sort(RECORD, maintain_order=True)
    without = [(name, record) for _, kept in taken for name, records in kept.items() for record in records]
    split = "the amount_refunded of charges without their refunds"
    return rows, without + [(split, each.record) for each in charges if _lacks_refunds(each.body)]


def _payouts(batch: Batch) -> pl.DataFrame:
    """Return the distinct states of the payouts of a batch."""
    found = [each for each in batch.found if each.kind == "payout"]
    rows = states_of(_dated(typed([_payout(each.body) for each in found], _records(found), PAYOUTS)))
    return rows.unique(maintain_order=True).sort(RECORD, maintain_order=True)


def _payout(body: Object) -> Fields:
    return {
        "payout_id": at(body, "id"),
        "status": at(body, "status") or "unknown",
        "amount": at(body, "amount"),
        "currency": at(body, "currency"),
        "created": at(body, "created"),
        "arrives_at": at(body, "arrival_date"),
    }


def _records(found: Iterable[Found]) -> list[int]:
    return [each.record for each in found]


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    instants = [name for name in ("created", "moved_at", "won_at", "lost_at", "arrives_at") if name in frame.columns]
    return frame.with_columns(instant_of(pl.col(name)).alias(name) for name in instants)


def _charge(body: Object, paths: tuple[str, ...]) -> Fields:
    amount, method = at(body, "amount"), at(body, "payment_method_details.type")
    brand = at(body, f"payment_method_details.{method}.brand") if method else None
    return {
        **_shared(body, paths),
        "charge_id": at(body, "id"),
        "captured": at(body, "captured"),
        "amount_captured": at(body, "amount_captured") or amount,
        "method": f"{method}/{brand}" if method and brand else method,
    }


def _refund(body: Object, paths: tuple[str, ...]) -> Fields:
    return {
        **_shared(body, _own(paths)),
        "refund_id": at(body, "id"),
        "charge_id": _id(body.get("charge")),
        "moved": "true" if _id(body.get("balance_transaction")) else "false",
    }


def _dispute(found: Found, paths: tuple[str, ...]) -> Fields:
    body = found.body
    taken, back = taken_and_back(body)
    return {
        **_shared(body, _own(paths)),
        "dispute_id": at(body, "id"),
        "charge_id": _id(body.get("charge")),
        "fee": taken["cost"],
        "fee_currency": taken["currency"],
        "won_at": back["created"],
        "won_fee": back["cost"],
        "lost_at": found.at if found.event == CLOSED else None,
    }


def _later(dispute: Object, moved: Fields, paths: tuple[str, ...]) -> Fields:
    """Return the fields of a further movement of a dispute, whose cost is its fee."""
    return {
        **_shared(dispute, _own(paths)),
        "dispute_id": at(dispute, "id"),
        "movement_id": moved["movement_id"],
        "charge_id": _id(dispute.get("charge")),
        "created": moved["created"],
        "fee": moved["cost"],
        "fee_currency": moved["currency"],
    }


def _own(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths that a refund or dispute has itself; the others are those of charges."""
    return tuple(path for path in paths if path.startswith("metadata."))


def _shared(body: Object, paths: tuple[str, ...]) -> Fields:
    order_ids = (at(body, path) for path in paths)
    return {
        "order_id": next((order_id for order_id in order_ids if order_id), None),
        "currency": at(body, "currency"),
        "status": at(body, "status"),
        "amount": at(body, "amount"),
        "created": at(body, "created"),
        "fee": at(body, "balance_transaction.fee"),
        "fee_currency": at(body, "balance_transaction.currency"),
        "moved_at": at(body, "balance_transaction.created"),
    }


def _id(value: object) -> str | None:
    """Return an id, or the id of the object into which it was expanded."""
    return at(value, "id") if isinstance(value, dict) else value if isinstance(value, str) else None


def _lacks_refunds(body: Object) -> bool:
    refunds = body.get("refunds")
    sent = refunds.get("data") if isinstance(refunds, dict) else None
    return (at(body, "amount_refunded") or "0").strip("0") != "" and not sent


def _named(unused: list[tuple[str, int]], test_mode: int) -> tuple[str, ...]:
    counts = Counter(name for name, _ in unused)
    counted = [f"{count} × {name}" for name, count in sorted(counts.items())]
    return (*counted, *([f"livemode of {test_mode} × objects of test mode"] if test_mode else []))
