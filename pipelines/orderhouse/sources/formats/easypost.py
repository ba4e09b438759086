"""EasyPost trackers: every scan that a tracker lists is a tracking scan of its carrier and tracking number.

The format reads webhook events, answers of the API (a tracker, lists of trackers, events and payloads) and files of
such lines. A tracker is sent again as a whole at each update, so a scan must give the same row every time. Properties
that change on the tracker itself (status, estimate, signature) are therefore not used. EasyPost's own shipment ids are
not the merchant's, so parcels are identified by carrier and tracking number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from orderhouse.contracts.written_days import day_of_midnight
from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.readers.json_objects import Object, frame_of, leaves, many, one, read_objects
from orderhouse.sources.readers.json_text import load_json
from orderhouse.sources.readers.records import RECORD, Malformed

__all__ = ["EasypostTrackers"]

ENVELOPES = ("trackers", "events", "payloads")
SCAN = many(
    "message",
    "status",
    "status_detail",
    "datetime",
    "est_delivery_date",
    tracking_location=one("city", "state", "country"),
)
SHAPE = {**leaves("tracking_code", "carrier"), "tracking_details": SCAN}
OTHER_OBJECTS = (
    "Address",
    "Batch",
    "Claim",
    "Insurance",
    "Order",
    "Parcel",
    "Payment",
    "PaymentLog",
    "Pickup",
    "Refund",
    "Report",
    "ScanForm",
    "Shipment",
    "ShipmentInvoice",
    "User",
    "Webhook",
)
TELLING_DETAILS = (
    "damaged",
    "delayed",
    "delivery_exception",
    "lost",
    "refused",
    "transit_exception",
    "weather_delay",
)
# Statuses to which one of the details above is added, so that the vocabulary can map the pair.
VAGUE_STATUSES = ("in_transit", "failure", "error", "unknown")
# The name of the person who signed is personal, so it is cut off the message.
SIGNATURE = r"(?i)[\s,;:.(-]*\b(?:signed(?: for)? by|received by|left with)\b.*$"


@dataclass
class _Sorted:
    """The objects of a batch: trackers, ignored kinds, and records that are not objects of EasyPost."""

    trackers: list[tuple[int, Object]] = field(default_factory=list)
    ignored: list[tuple[int, str]] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)


class EasypostTrackers(Format):
    """Trackers, alone or as the result of events."""

    name = "easypost_trackers"
    version = "3"
    covers = ("tracking",)

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the scans of one file."""
        (file,) = files
        has_rows = False
        for batch in read_objects(file, ENVELOPES):
            found = _sorted(batch.objects)
            trackers, misshapen = frame_of(found.trackers, SHAPE)
            scans = _scans(trackers)
            ignored = [*found.ignored, *((record, "trackers without a scan yet") for record in _unscanned(trackers))]
            malformed = [*batch.malformed, *found.malformed, *misshapen]
            if scans.height or malformed:
                yield FeedRows("tracking", file, scans, malformed=malformed)
                has_rows = True
            if ignored:
                yield _lookup(file, ignored)
                has_rows = True
        if not has_rows:
            yield FeedRows("tracking", file, _scans(frame_of([], SHAPE)[0]))


def _sorted(objects: Sequence[tuple[int, Object]]) -> _Sorted:
    found = _Sorted()
    for record, value in objects:
        inner = _unwrapped(value)
        if isinstance(inner, str):
            found.ignored.append((record, inner))
        elif inner is None:
            text = json.dumps(value, ensure_ascii=False)
            reason = "the record is neither a tracker, an event nor another object of EasyPost's"
            found.malformed.append(Malformed(record, "known_object", reason, text))
        else:
            found.trackers.append((record, inner))
    return found


def _unwrapped(value: Object) -> Object | str | None:
    """Return the tracker in an object, the kind of an object without one, or None for an unknown object."""
    kind = value.get("object")
    if kind == "Tracker":
        return value
    if kind == "Event":
        return _of_event(value)
    if kind == "Payload":
        return _of_payload(value)
    if isinstance(kind, str) and kind in OTHER_OBJECTS:
        return f"{kind} objects"
    if "success" in value and len(value) == 1:
        return "answers that say only whether it worked"
    if isinstance(value.get("error"), dict) and len(value) == 1:
        return "answers that are errors"
    return None if set(value) - {"_envelope"} else "empty answers"


def _of_event(event: Object) -> Object | str | None:
    happened, result = event.get("description"), event.get("result")
    if isinstance(result, dict) and result.get("object") == "Tracker":
        return result
    if not isinstance(happened, str):
        return None
    if result is None:
        return f"{happened} events without their object"
    return f"{happened} events"


def _of_payload(payload: Object) -> Object | str | None:
    """Return the tracker in a payload, the record of a webhook call, whose body is the event as text."""
    try:
        event = load_json(str(payload.get("request_body")))
    except (ValueError, RecursionError):
        return None
    return _of_event(event) if isinstance(event, dict) and event.get("object") == "Event" else None


def _lookup(file: SourceFile, ignored: Sequence[tuple[int, str]]) -> FeedRows:
    records = pl.DataFrame({RECORD: [record for record, _ in ignored]}, schema={RECORD: pl.Int64()})
    return FeedRows(None, file, records, role="lookup", ignored=tuple(dict.fromkeys(kind for _, kind in ignored)))


def _unscanned(trackers: pl.DataFrame) -> list[int]:
    return trackers.filter(pl.col("tracking_details").list.len().fill_null(0) == 0)[RECORD].to_list()


def _scans(trackers: pl.DataFrame) -> pl.DataFrame:
    """Return one row per scan, in EasyPost's words; a telling detail is added to a vague status."""
    scans = trackers.filter(pl.col("tracking_details").list.len() > 0).explode("tracking_details")
    scan = pl.col("tracking_details").struct
    place = scan.field("tracking_location").struct
    parts = [place.field(name).str.strip_chars().replace("", None) for name in ("city", "state", "country")]
    status, detail = scan.field("status"), scan.field("status_detail")
    says_more = status.is_in(VAGUE_STATUSES) & detail.is_in(TELLING_DETAILS)
    return scans.select(
        "carrier",
        RECORD,
        tracking_number="tracking_code",
        status=pl.when(says_more).then(pl.concat_str(status, detail, separator="/")).otherwise(status),
        occurred_at=scan.field("datetime"),
        location=pl.concat_str(parts, separator=", ", ignore_nulls=True),
        detail=scan.field("message").str.replace(SIGNATURE, ""),
        # Carriers estimate a day; EasyPost writes it as midnight UTC.
        estimated_delivery_at=day_of_midnight(scan.field("est_delivery_date"), "Z"),
    )
