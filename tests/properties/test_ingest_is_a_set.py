"""Tests that the raw tables depend on the set of rows sent only: not on files, order, repetition or time of the run."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.ingest.landing import ORDERS_HEADER, Landing, order

ROWS = [order(number, currency) for number in range(5) for currency in ("EUR", "USD", "nonsense")]

CONTENT = """
select order_id, currency, placed_at, updated_at from raw.orders where not _is_duplicate order by all
"""
BAD = """
select distinct row_json ->> 'order_id' as order_id, row_json ->> 'currency' as currency, reasons
from raw.quarantine order by all
"""


@dataclass(frozen=True)
class Delivery:
    """Files of rows, and the files after which there is a run."""

    files: list[list[str]]
    runs: list[bool]


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    """Draw deliveries of all rows at least once, in any order, some several times, in up to four files."""
    rows = draw(st.permutations(ROWS)) + draw(st.lists(st.sampled_from(ROWS), max_size=6))
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    files = [rows[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    return Delivery(files, draw(st.lists(st.booleans(), min_size=len(files), max_size=len(files))))


def delivered(delivery: Delivery) -> tuple[object, object]:
    """Return accepted content and quarantined rows after a delivery."""
    with tempfile.TemporaryDirectory() as folder:
        landing = Landing(Path(folder))
        landing.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
        for number, (rows, runs) in enumerate(zip(delivery.files, delivery.runs, strict=True)):
            landing.write(f"feeds/orders-{number}.csv", ORDERS_HEADER + "".join(rows))
            if runs:
                landing.ingest()
        landing.ingest()
        counted = "select sum(rows_in), sum(accepted + duplicate + quarantined) from raw.files"
        ((rows_in, accounted),) = landing.query(counted)
        assert rows_in == accounted
        return landing.query(CONTENT), landing.query(BAD)


EXPECTED: list[tuple[object, object]] = []


@settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(deliveries())
def test_raw_content_is_the_set_of_rows_sent(delivery: Delivery) -> None:
    if not EXPECTED:
        EXPECTED.append(delivered(Delivery([ROWS], [True])))
    assert delivered(delivery) == EXPECTED[0]
