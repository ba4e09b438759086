"""Tests of quarantine ids: unique for each row, and the same whenever the file is loaded in the same way."""

from __future__ import annotations

import hashlib

import pytest

from tests.ingest.landing import ORDERS_HEADER, Landing, order

PLACED = "2026-01-02T03:04:05Z"
BROKEN = "yesterday"


@pytest.fixture
def broken(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Return the quarantine lines of two files with every other row broken, screened a few rows at a time."""
    monkeypatch.setattr("orderhouse.ingest.loading.WAITING_ROWS", 3)
    for name, first in (("a", 0), ("b", 12)):
        rows = [order(number, placed=BROKEN if number % 2 else PLACED) for number in range(first, first + 12)]
        landing.write(f"feeds/orders-{name}.csv", ORDERS_HEADER + "".join(rows) + "one cell\n")
    landing.ingest()
    return landing.query("select quarantine_id, source, file_id, feed, record, path from raw.quarantine")


def test_names_are_made_of_place_and_ordinal(broken: list[tuple[object, ...]], landing: Landing) -> None:
    ((version,),) = landing.query("select distinct mapping_version from raw.files")
    ordinals: dict[object, int] = {}
    for name, source, file_id, feed, record, _ in sorted(broken, key=lambda line: str(line[4]).zfill(9)):
        place = f"{source}|{version}|{file_id}|{feed}"
        ordinals[place] = ordinals.get(place, 0) + 1
        assert name == hashlib.sha256(f"{place}|{record}|{ordinals[place]}".encode()).hexdigest()[:16]
    assert len(ordinals) == 2 * len({feed for _, _, _, feed, _, _ in broken})


def test_names_differ_and_lines_lead_back_to_their_file(broken: list[tuple[object, ...]]) -> None:
    assert len({line[0] for line in broken}) == len(broken) == 14
    for name in ("a", "b"):
        records = sorted(line[4] for line in broken if line[5] == f"feeds/orders-{name}.csv")  # type: ignore[type-var]
        assert records == [3, 5, 7, 9, 11, 13, 14]
