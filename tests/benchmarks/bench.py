"""A full run, an increment and a run with nothing new, each step in a process of its own, against the reference script.

Ratios are taken within one run of this program, since machines differ. `make bench` runs it with a million orders and
needs about 6 GB of disk; `make bench ORDERS=10000` is a quick look. Not part of the test suite.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from measuring import Measured, measure
from orderhouse.simulate import simulate
from rich.console import Console
from rich.table import Table

STEPS = ("ingest", "build", "audit", "publish")
REFERENCE = Path(__file__).parent / "reference.py"


def main() -> None:
    """Measure and print."""
    arguments = read_arguments()
    work: Path = arguments.to
    feeds = work / "feeds"
    if arguments.feeds is None:
        make_feeds(work, feeds, arguments.orders, arguments.changed)
    else:
        adopt_feeds(feeds, arguments.feeds)
    shutil.rmtree(work / "home", ignore_errors=True)
    log = work / "bench.log"
    log.unlink(missing_ok=True)

    reference = measure(
        "plain SQL",
        [sys.executable, str(REFERENCE), str(feeds), str(work / "reference.duckdb")],
        environment={},
        log=log,
    )
    full = run_steps(work, "full", log)
    increment_from = arguments.increment or work / "increment"
    deliver(increment_from, feeds)
    increment = run_steps(work, "increment", log)
    nothing = run_steps(work, "nothing new", log)
    show(arguments.orders, reference, {"full": full, "increment": increment, "nothing new": nothing})


def read_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--changed", type=int, default=1_000, help="new orders of the increment")
    parser.add_argument("--to", type=Path, default=Path("data/benchmark"), help="folder for feeds, home and log")
    parser.add_argument("--feeds", type=Path, help="feeds made before, instead of making them")
    parser.add_argument("--increment", type=Path, help="increment made before")
    return parser.parse_args()


def make_feeds(work: Path, feeds: Path, orders: int, changed: int) -> None:
    """Simulate the merchant, and a day after."""
    for folder in (feeds, work / "increment"):
        shutil.rmtree(folder, ignore_errors=True)
    simulate(orders, 1, feeds)
    simulate(changed, 1, work / "increment", offset=orders)


def adopt_feeds(feeds: Path, made: Path) -> None:
    """Link feeds that were made earlier, so that an increment can be added to them."""
    shutil.rmtree(feeds, ignore_errors=True)
    feeds.mkdir(parents=True)
    for path in made.iterdir():
        if path.is_file():
            (feeds / path.name).symlink_to(path.resolve())


def deliver(increment: Path, feeds: Path) -> None:
    """Copy the files of the increment beside those of the full run."""
    for path in increment.glob("*-*.*"):
        shutil.copy(path, feeds / path.name)


def run_steps(work: Path, label: str, log: Path) -> list[Measured]:
    """Run the four steps of a run, as an operator would call them."""
    orderhouse = str(Path(sys.executable).with_name("orderhouse"))
    environment = {"ORDERHOUSE_HOME": str(work / "home"), "ORDERHOUSE_SOURCES": str(work / "feeds" / "sources.yaml")}
    extra = {"build": ["--as-of", "data"]}
    return [
        measure(f"{label}: {step}", [orderhouse, step, *extra.get(step, [])], environment=environment, log=log)
        for step in STEPS
    ]


def show(orders: int, reference: Measured, runs: dict[str, Sequence[Measured]]) -> None:
    """Print every step and the ratios that the targets are about."""
    console = Console()
    table = Table(title=f"{orders:,} orders on {os.cpu_count()} cores", show_lines=False)
    for heading in ("step", "seconds", "CPU seconds", "peak MB", "× plain SQL"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    add_row(table, reference, reference.seconds)
    for label, steps in runs.items():
        for step in steps:
            add_row(table, step, reference.seconds)
        total = Measured(
            f"{label}: all",
            sum(s.seconds for s in steps),
            sum(s.cpu_seconds for s in steps),
            max(s.peak_bytes for s in steps),
        )
        add_row(table, total, reference.seconds)
        table.add_section()
    console.print(table)
    full = sum(step.seconds for step in runs["full"])
    increment = sum(step.seconds for step in runs["increment"])
    console.print(f"Full run ÷ plain SQL: {full / reference.seconds:.2f}")
    console.print(f"Increment ÷ full run: {increment / full:.3f} (with start-up of four processes)")


def add_row(table: Table, measured: Measured, reference_seconds: float) -> None:
    """Add a row for one measured step."""
    table.add_row(
        measured.name,
        f"{measured.seconds:.1f}",
        f"{measured.cpu_seconds:.1f}",
        f"{measured.peak_bytes / 1e6:,.0f}",
        f"{measured.seconds / reference_seconds:.2f}",
    )


if __name__ == "__main__":
    main()
