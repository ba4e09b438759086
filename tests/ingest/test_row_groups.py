"""Tests of row groups: rows stay in one frame until they are inserted, one row group at a time."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pytest
from orderhouse.ingest.loading import _in_row_groups
from orderhouse.ingest.screening import screen
from orderhouse.ingest.transaction import Waiting
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.readers.records import RECORD
from orderhouse.storage.warehouse import ROW_GROUP
from orderhouse.vault.vault import open_vault

from tests.ingest.landing import PAYMENTS_HEADER, Landing

ROWS = 3 * ROW_GROUP + 5


def payments(first: int, rows: int) -> str:
    lines = (f"P-{number},O-{number},captured,1.50,EUR,2026-01-02T03:04:05Z\n" for number in range(first, first + rows))
    return PAYMENTS_HEADER + "".join(lines)


@pytest.mark.parametrize("broken", [False, True])
def test_screened_rows_are_in_one_piece(landing: Landing, broken: bool) -> None:
    source = Source(name="shop", format="canonical", path=["x"])
    customers = pl.DataFrame({"customer_id": ["c1", "c2"], "email": ["a@example.com", None]}).with_columns(
        updated_at=pl.lit("2026-01-02T03:04:05Z"), **{RECORD: pl.int_range(2, dtype=pl.Int64)}
    )
    odd = customers.with_columns(updated_at=pl.lit("yesterday" if broken else "2026-01-02T03:04:05Z"))
    joined = Waiting(source, "customers", [(1, customers), (2, pl.concat([customers, odd]))]).joined()
    with open_vault(landing.settings) as vault:
        screened = screen("customers", joined, source, vault)
    assert (joined.height, screened.accepted.height) == (6, 4 if broken else 6)
    assert {column.n_chunks() for frame in (joined, screened.accepted) for column in frame.iter_columns()} == {1}


def test_rows_are_handed_over_by_row_groups_wherever_their_pieces_end() -> None:
    numbers = pl.int_range(ROWS, eager=True, dtype=pl.Int64)
    frame = pl.DataFrame({"number": numbers, "text": numbers.cast(pl.String)}).to_arrow()
    pieces = pa.concat_tables([frame.slice(0, 7), frame.slice(7, 2 * ROW_GROUP), frame.slice(7 + 2 * ROW_GROUP)])
    handed_over = _in_row_groups(pieces)
    assert [batch.num_rows for batch in handed_over.to_batches()] == [ROW_GROUP, ROW_GROUP, ROW_GROUP, 5]
    assert handed_over.equals(frame)


def test_a_home_that_was_written_in_larger_row_groups_goes_on(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr("orderhouse.storage.warehouse.ROW_GROUP", 4 * ROW_GROUP)
        landing.write("feeds/payments-1.csv", payments(0, 2 * ROW_GROUP))
        landing.ingest()
    landing.write("feeds/payments-2.csv", payments(2 * ROW_GROUP - 1, ROWS))
    landing.ingest()
    assert landing.query("select count(*), count(distinct payment_id), sum(_is_duplicate::int) from raw.payments") == [
        (2 * ROW_GROUP + ROWS, 2 * ROW_GROUP + ROWS - 1, 1)
    ]
    groups = landing.query(
        """
        select max(count) from pragma_storage_info('received.payments')
        where column_name = 'payment_id' and segment_type = 'VARCHAR'
        group by row_group_id order by row_group_id
        """
    )
    assert [rows for (rows,) in groups] == [2 * ROW_GROUP, ROW_GROUP, ROW_GROUP, ROW_GROUP, 5]
