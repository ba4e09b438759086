"""Tests that the same request gives the same bytes, in any format, process and cut."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orderhouse.simulate import FEEDS, Mess, simulate

from tests.simulate.worlds import feed, fingerprints, truth


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    options = "orders_per_file=100, compression='gzip', days=30"
    program = f"from pathlib import Path; from orderhouse.simulate import simulate, Mess; import sys;\
simulate(150, 3, Path(sys.argv[1]), Mess.heavy(), {options})"
    subprocess.run([sys.executable, "-c", program, tmp_path / "there"], check=True)
    simulate(150, 3, tmp_path / "here", Mess.heavy(), orders_per_file=100, compression="gzip", days=30)
    assert fingerprints(tmp_path / "here") == fingerprints(tmp_path / "there")


def test_another_seed_writes_another_world(tmp_path: Path) -> None:
    simulate(50, 1, tmp_path / "one")
    simulate(50, 2, tmp_path / "two")
    one, two = fingerprints(tmp_path / "one"), fingerprints(tmp_path / "two")
    assert one["orders-0001.csv"] != two["orders-0001.csv"]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=st.integers(1, 60), seed=st.integers(0, 2**40), per_file=st.integers(1, 60))
def test_parts_hold_the_same_rows_however_they_are_cut(
    orders: int, seed: int, per_file: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole, cut = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("cut")
    simulate(orders, seed, whole, days=30)
    simulate(orders, seed, cut, days=30, orders_per_file=per_file)
    for name in ("orders", "order_lines", "stock"):
        assert sorted(feed(whole, name).rows(), key=repr) == sorted(feed(cut, name).rows(), key=repr)
    assert truth(whole, "daily").equals(truth(cut, "daily"))
    assert truth(whole, "on_hand").equals(truth(cut, "on_hand"))


@pytest.mark.parametrize("compression", ["plain", "gzip", "zstd"])
def test_ndjson_keeps_amounts_exact(tmp_path: Path, compression: str) -> None:
    simulate(20, 1, tmp_path / "csv")
    simulate(20, 1, tmp_path / "json", file_format="ndjson", compression=compression)
    (path,) = (tmp_path / "json").glob("payments-*")
    if compression == "gzip":
        assert gzip.decompress(path.read_bytes()).startswith(b'{"payment_id"')
    amounts = pl.read_ndjson(path).get_column("amount")
    assert amounts.dtype == pl.String
    assert amounts.to_list() == feed(tmp_path / "csv", "payments").get_column("amount").to_list()


def test_parquet_is_typed(tmp_path: Path) -> None:
    simulate(20, 1, tmp_path, Mess.heavy(), file_format="parquet")
    frame = pl.read_parquet(tmp_path / "payments-0001.parquet")
    assert frame.schema["amount"] == pl.Decimal(18, 2)
    assert frame.schema["occurred_at"] == pl.Datetime("us", "UTC")


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    result = simulate(20, 1, tmp_path, orders_per_file=10, progress=lambda *step: told.append(step))
    assert told[0] == ("orders", 0, 2)
    assert told[-1] == ("done", 2, 2)
    assert set(result.rows) <= set(FEEDS)


@pytest.mark.parametrize("wrong", [{"orders": 0}, {"seed": -1}, {"days": 0}, {"base": 5}])
def test_impossible_requests_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        simulate(**{"orders": 10, "seed": 1, "to": tmp_path, **wrong})


def test_a_share_of_mess_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="late must be a share"):
        Mess(late=1.5)
