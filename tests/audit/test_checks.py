"""Tests of the words in which an audit shows a row."""

from __future__ import annotations

import pandas as pd
from orderhouse.audit.checks import as_words


def test_nulls_are_left_out_however_a_frame_writes_them() -> None:
    frame = pd.DataFrame(
        {"feed": ["orders", "returns"], "expected_every": [None, "P1D"], "quiet_days": [9.0, None],
         "due_at": [pd.NaT, pd.Timestamp("2026-01-01")], "late": pd.array([pd.NA, 3], dtype="Int64")}
    )  # fmt: skip
    rows = frame.astype({"expected_every": object}).to_dict("records")
    assert as_words(rows[0]) == "feed=orders, quiet_days=9.0"
    assert as_words({**rows[1], "expected_every": float("nan")}) == "feed=returns, due_at=2026-01-01 00:00:00, late=3"
    assert as_words({"feed": "orders", "words": "nan"}) == "feed=orders, words=nan"
