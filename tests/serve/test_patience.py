"""Tests of the limit on computing: a query that computes for too long is interrupted, one that waits is not."""

from __future__ import annotations

import time

import duckdb
import pytest
from orderhouse.serve.patience import computing_for

ENDLESS = "select count(*) from range(1000000) as a cross join range(1000000) as b where a.range * b.range % 7 = 3"


def test_a_query_that_computes_for_too_long_is_interrupted() -> None:
    with duckdb.connect() as connection:
        with pytest.raises(duckdb.InterruptException), computing_for(connection, 0.2):
            connection.execute(ENDLESS).fetchall()
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_waiting_is_no_computing() -> None:
    with duckdb.connect() as connection, computing_for(connection, 0.2):
        time.sleep(0.6)
        assert connection.execute("select 1").fetchall() == [(1,)]
