"""Tests of EasyPost's trackers: the same scans however they are sent; all other records are accounted for."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orderhouse.files.source_files import FileRejected, local_file
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.sources.formats.easypost import ENVELOPES, TELLING_DETAILS, VAGUE_STATUSES
from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.readers.json_objects import read_objects
from orderhouse.storage.warehouse import open_raw

from tests.integration.running import PROJECT, data_folder
from tests.sources.format_reading import file_of, payloads, read, rows_of, screened

NAME = "easypost_trackers"


def scan(status: str = "in_transit", at: str = "2026-03-01T10:00:00Z", **more: Any) -> dict[str, Any]:
    """Return a tracking detail."""
    place = {"object": "TrackingLocation", "city": "LYON", "state": None, "country": "FR", "zip": "69001"}
    return {
        "object": "TrackingDetail",
        "message": "Arrived",
        "status": status,
        "status_detail": "status_update",
        "datetime": at,
        "tracking_location": place,
        **more,
    }


def tracker(*scans: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a tracker with scans."""
    return {
        "id": "trk_1",
        "object": "Tracker",
        "mode": "production",
        "tracking_code": "9400",
        "status": scans[-1]["status"] if scans else "unknown",
        "est_delivery_date": "2026-03-05T00:00:00Z",
        "signed_by": None,
        "shipment_id": "shp_1",
        "carrier": "USPS",
        "tracking_details": list(scans),
        **more,
    }


def event(result: Any, description: str = "tracker.updated") -> dict[str, Any]:
    """Return the event of a webhook."""
    return {"object": "Event", "id": "evt_1", "description": description, "result": result, "mode": "production"}


def ignored(found: list[FeedRows]) -> list[str]:
    """Return the kinds of records that were ignored."""
    return [kind for rows in found for kind in rows.ignored]


def test_a_scan_keeps_its_words_place_and_instant() -> None:
    rows = rows_of(read(NAME, file_of(json.dumps(tracker(scan())))), "tracking")
    assert rows.to_dicts() == [
        {
            "carrier": "USPS",
            "_record": 1,
            "tracking_number": "9400",
            "status": "in_transit",
            "occurred_at": "2026-03-01T10:00:00Z",
            "location": "LYON, FR",
            "detail": "Arrived",
            "estimated_delivery_at": None,
        }
    ]


def test_one_tracker_gives_the_same_rows_by_api_list_webhook_payload_and_lines() -> None:
    one = tracker(scan("pre_transit", "2026-02-28T08:00:00Z"), scan())
    body = {"object": "Payload", "id": "payload_1", "request_body": json.dumps(event(one)), "response_code": 200}
    sent = [
        json.dumps(one),
        json.dumps({"trackers": [one], "has_more": False}),
        json.dumps(event(one)),
        json.dumps({"events": [event(one)], "has_more": True}),
        json.dumps({"payloads": [body]}),
        json.dumps(event(one)) + "\n",
        gzip.compress(json.dumps(event(one)).encode()),
        json.dumps([one]),
    ]
    frames = [rows_of(read(NAME, file_of(content)), "tracking") for content in sent]
    assert all(frame.equals(frames[0]) for frame in frames)
    assert frames[0]["status"].to_list() == ["pre_transit", "in_transit"]


def test_what_changes_on_the_tracker_makes_no_scan_another_one() -> None:
    first = tracker(scan(), est_delivery_date="2026-03-05T00:00:00Z")
    later = tracker(
        scan(),
        scan("delivered", "2026-03-04T12:00:00Z"),
        est_delivery_date="2026-03-09T00:00:00Z",
        signed_by="A PERSON",
        updated_at="2026-03-04T12:00:01Z",
    )
    before, after = (rows_of(read(NAME, file_of(json.dumps(each))), "tracking") for each in (first, later))
    assert after.head(1).equals(before)
    assert "PERSON" not in str(after.to_dicts())


def test_an_estimate_made_at_a_scan_stays_with_it() -> None:
    rows = rows_of(read(NAME, file_of(json.dumps(tracker(scan(est_delivery_date="2026-03-06T00:00:00Z"))))), "tracking")
    assert rows["estimated_delivery_at"].to_list() == ["2026-03-06"]


def test_a_detail_that_says_more_than_a_vague_status_goes_with_it() -> None:
    scans = [
        scan("in_transit", "2026-03-01T10:00:00Z", status_detail="delayed"),
        scan("failure", "2026-03-02T10:00:00Z", status_detail="lost"),
        scan("return_to_sender", "2026-03-03T10:00:00Z", status_detail="delayed"),
        scan("in_transit", "2026-03-04T10:00:00Z", status_detail="arrived_at_facility"),
    ]
    rows = rows_of(read(NAME, file_of(json.dumps(tracker(*scans)))), "tracking")
    assert rows["status"].to_list() == ["in_transit/delayed", "failure/lost", "return_to_sender", "in_transit"]


@pytest.mark.parametrize(
    "message",
    ["Delivered; Signed for by: A PERSON", "Delivered, signed by A PERSON", "Delivered - Received by A PERSON"],
)
def test_who_signed_stays_out_of_the_detail(message: str) -> None:
    rows = rows_of(read(NAME, file_of(json.dumps(tracker(scan("delivered", message=message))))), "tracking")
    assert rows["detail"].to_list() == ["Delivered"]


def test_what_is_no_tracker_is_named() -> None:
    lines = [
        event({"object": "Batch", "id": "batch_1", "status": {"created": 0}}, "batch.updated"),
        {"object": "Event", "id": "evt_2", "description": "tracker.created"},
        {"object": "Webhook", "id": "hook_1"},
        {"success": True},
        {"error": {"code": "PAYLOAD.NOT_FOUND"}},
        {},
        tracker(),
    ]
    found = read(NAME, file_of("\n".join(json.dumps(line) for line in lines)))
    assert ignored(found) == [
        "batch.updated events",
        "tracker.created events without their object",
        "Webhook objects",
        "answers that say only whether it worked",
        "answers that are errors",
        "empty answers",
        "trackers without a scan yet",
    ]
    assert [rows.feed for rows in found] == [None]


def test_what_is_unknown_or_misshapen_is_quarantined_with_its_line() -> None:
    lines = [
        {"object": "Teapot"},
        {"object": "Tracker", "tracking_details": "none"},
        {"object": "Payload", "request_body": "{"},
        [1],
        tracker(scan()),
    ]
    (found,) = read(NAME, file_of("\n".join(json.dumps(line) for line in [tracker(scan()), *lines])))
    assert sorted(each.record for each in found.malformed) == [2, 3, 4, 5]
    assert found.frame["_record"].to_list() == [1, 6]


def test_a_scan_without_status_or_carrier_is_quarantined_with_the_reason() -> None:
    odd = [tracker(scan(), carrier=None), tracker(scan(status=None), tracking_code="2")]
    sorted_out = screened(read(NAME, file_of(json.dumps(odd))), "tracking", NAME)
    assert sorted_out.accepted.is_empty()
    reasons = sorted_out.quarantined["reasons"].to_list()
    assert "neither a shipment nor carrier and tracking number are named" in reasons[0]
    assert reasons[1] == "status is missing"


def test_every_status_of_easypost_has_a_meaning_of_ours() -> None:
    seeds = PROJECT / "dbt_project" / "seeds"
    ours = {
        row["word"]
        for row in csv.DictReader((seeds / "canonical_vocabulary.csv").read_text().splitlines())
        if (row["feed"], row["column_name"]) == ("tracking", "status")
    }
    words = {
        row["word"]: row["meaning"]
        for row in csv.DictReader((seeds / "format_vocabulary.csv").read_text().splitlines())
        if (row["format"], row["column_name"]) == (NAME, "status")
    }
    statuses = {word for word in words if "/" not in word}
    assert statuses >= {"unknown", "pre_transit", "in_transit", "out_for_delivery", "delivered"}
    assert statuses >= {"available_for_pickup", "return_to_sender", "failure", "cancelled", "error"}
    assert set(words.values()) <= ours
    composed = {f"{status}/{detail}" for status in VAGUE_STATUSES for detail in TELLING_DETAILS}
    assert composed == set(words) - statuses


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "object",
                    "trackers",
                    "events",
                    "payloads",
                    "result",
                    "tracking_details",
                    "status",
                    "error",
                    "description",
                ]
            )
            | st.text(max_size=4),
            inner | st.sampled_from(["Tracker", "Event", "Payload", "Webhook"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_json_is_taken_named_or_quarantined(document: Any) -> None:
    file = file_of(json.dumps(document))
    try:
        found = read(NAME, file)
    except FileRejected as error:
        assert error.reason  # noqa: PT017 - the sentence is what is promised
        return
    records = {record for batch in read_objects(file, ENVELOPES) for record, _ in batch.objects}
    taken = {record for rows in found for record in rows.frame["_record"]}
    odd = {each.record for rows in found for each in rows.malformed}
    assert found
    assert records <= taken | odd


@pytest.fixture(scope="module")
def real() -> Path:
    """Return the folder of EasyPost's own example answers."""
    return payloads(data_folder(), "easypost_api")


def test_every_real_file_is_read(real: Path) -> None:
    scans = {path.name: _scans_in(path) for path in sorted(real.iterdir())}
    assert sum(scans.values()) == 42
    assert scans["test_tracker_all_0.json"] == 10
    assert scans["test_event_all_0.json"] == 0


def _scans_in(path: Path) -> int:
    found = read(NAME, local_file(path))
    assert not any(rows.malformed for rows in found)
    return sum(rows.frame.height for rows in found if rows.feed)


def test_pages_that_overlap_give_every_scan_once(real: Path, tmp_path: Path) -> None:
    declared = f"sources:\n  parcels:\n    format: {NAME}\n    path: {real}/*.json\n"
    (tmp_path / "sources.yaml").write_text(declared)
    chosen = load_settings(home=tmp_path / "home", sources=tmp_path / "sources.yaml")
    result = receive(chosen)
    assert not [report for report in result.files if report.status == "rejected"]
    connection = open_raw(chosen, read_only=True)
    # ten trackers on two pages of five, one of them also on its own, and one more of another day: 11 of two scans each
    counted = connection.execute(
        "select count(*) filter (not _is_duplicate), count(*) filter (_is_duplicate) from raw.tracking"
    ).fetchall()
    files = connection.execute("select count(distinct file_id) from raw.files").fetchone()
    connection.close()
    distinct = pl.concat([rows_of(read(NAME, local_file(path)), "tracking") for path in _with_scans(real)])
    keys = ["carrier", "tracking_number", "status", "occurred_at"]
    assert counted[0][0] == distinct.unique(keys).height == 11 * 2
    assert files is not None
    assert files[0] == len({local_file(path).file_id for path in real.iterdir()})


def _with_scans(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("test_tracker*.json")) if "delete_1" not in path.name]
