"""Ingest beside DuckDB's own `read_csv` and typed insert of the same files; one long file; thousands of small ones.

Ratios are taken within one run of this program, since machines differ. `python tests/benchmarks/ingesting.py` makes a
million orders' feeds, a CSV of ten million rows and 5,000 small files, about 6 GB in all. Seconds of one run scatter by
a tenth either way, so that both ways take turns for some rounds and the medians are compared. Not part of the test
suite.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from statistics import median

import polars as pl
from measuring import Measured, measure
from orderhouse.simulate import simulate
from rich.console import Console
from rich.table import Table

REFERENCE = Path(__file__).parent / "reference.py"
SLICE_ROWS = 1_000_000
SOURCES = "sources:\n  shop:\n    format: canonical\n    path: '*.csv'\n"


def main() -> None:
    """Measure and print."""
    arguments = read_arguments()
    work: Path = arguments.to
    work.mkdir(parents=True, exist_ok=True)
    log = work / "ingesting.log"
    log.unlink(missing_ok=True)
    cases: dict[str, Path] = {}
    if arguments.orders:
        cases[f"{arguments.orders:,} orders, every feed"] = arguments.feeds or simulated(
            work / "feeds", arguments.orders
        )
    if arguments.rows:
        cases[f"one CSV of {arguments.rows:,} rows"] = long_file(work / "long", arguments.rows)
    if arguments.files:
        cases[f"{arguments.files:,} files of ten rows"] = small_files(work / "small", arguments.files)
    table = Table(title=f"Ingest on {os.cpu_count()} cores")
    for heading in ("feeds", "", "seconds", "CPU seconds", "peak MB", "ratio", "of each round"):
        table.add_column(heading, justify="left" if heading in {"feeds", ""} else "right")
    for name, folder in cases.items():
        add_case(table, name, folder, work, log, arguments.rounds)
    Console(width=140).print(table)


def read_arguments() -> argparse.Namespace:
    """Parse the command line; 0 leaves a case out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3, help="how often both ways take turns")
    parser.add_argument("--feeds", type=Path, help="simulated feeds made before, instead of making them")
    parser.add_argument("--to", type=Path, default=Path("data/benchmark"), help="folder for feeds, homes and log")
    return parser.parse_args()


def simulated(feeds: Path, orders: int) -> Path:
    """Simulate every feed of a merchant."""
    shutil.rmtree(feeds, ignore_errors=True)
    simulate(orders, 1, feeds)
    return feeds


def long_file(feeds: Path, rows: int) -> Path:
    """Write one CSV file of payments."""
    shutil.rmtree(feeds, ignore_errors=True)
    feeds.mkdir(parents=True)
    with (feeds / "payments-0001.csv").open("wb") as file:
        for first in range(0, rows, SLICE_ROWS):
            number = pl.int_range(first, min(first + SLICE_ROWS, rows))
            frame = pl.select(
                payment_id=pl.format("P-{}", number),
                order_id=pl.format("O-{}", number // 2),
                kind=pl.when(number % 2 == 0).then(pl.lit("authorized")).otherwise(pl.lit("captured")),
                amount=((number % 90_000 + 1).cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2)),
                currency=pl.lit("EUR"),
                occurred_at=pl.format("2026-0{}-1{}T0{}:15:00Z", number % 9 + 1, number % 10, number % 10),
            )
            frame.write_csv(file, include_header=first == 0)
    (feeds / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    return feeds


def small_files(feeds: Path, files: int) -> Path:
    """Write many files of ten payments each."""
    shutil.rmtree(feeds, ignore_errors=True)
    feeds.mkdir(parents=True)
    for number in range(files):
        lines = (f"P-{number}-{row},O-{number},captured,{row}.50,EUR,2026-01-02T03:04:05Z\n" for row in range(10))
        text = "payment_id,order_id,kind,amount,currency,occurred_at\n" + "".join(lines)
        (feeds / f"payments-{number:06}.csv").write_text(text, encoding="utf-8")
    (feeds / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    return feeds


def add_case(table: Table, name: str, feeds: Path, work: Path, log: Path, rounds: int) -> None:
    """Load the same files in both ways, in turn."""
    home = work / "ingest_home"
    script = [sys.executable, str(REFERENCE), str(feeds), str(work / "reference.duckdb"), "--load-only"]
    command = [str(Path(sys.executable).with_name("orderhouse")), "ingest"]
    environment = {"ORDERHOUSE_HOME": str(home), "ORDERHOUSE_SOURCES": str(feeds / "sources.yaml")}
    plain: list[Measured] = []
    ours: list[Measured] = []
    for _ in range(rounds):
        shutil.rmtree(home, ignore_errors=True)
        plain.append(measure(name, script, environment={}, log=log))
        ours.append(measure(name, command, environment=environment, log=log))
    usual = median(each.seconds for each in plain)
    ratios = [mine.seconds / theirs.seconds for mine, theirs in zip(ours, plain, strict=True)]
    add_row(table, name, "read_csv and insert", plain, usual, "")
    add_row(table, "", "orderhouse ingest", ours, usual, " ".join(f"{ratio:.2f}" for ratio in ratios))


def add_row(table: Table, name: str, way: str, rounds: list[Measured], reference_seconds: float, ratios: str) -> None:
    """Add a row with the medians of several rounds and the greatest peak."""
    seconds = median(each.seconds for each in rounds)
    table.add_row(
        name,
        way,
        f"{seconds:.1f}",
        f"{median(each.cpu_seconds for each in rounds):.1f}",
        f"{max(each.peak_bytes for each in rounds) / 1e6:,.0f}",
        f"{seconds / reference_seconds:.2f}",
        ratios,
    )


if __name__ == "__main__":
    main()
