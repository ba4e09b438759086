"""A full run, an increment and a run with nothing new, each step in a process of its own, against plain DuckDB.

`plain SQL, two marts` is `reference.py`: it loads the files and builds two marts. `plain SQL, every model` is its
loading and `plain_marts.py`: the same tables as ours, whose contents are compared.

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

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.integration.published_tables import differing_tables, table_hashes

STEPS = ("ingest", "build", "audit", "publish")
REFERENCE = Path(__file__).parent / "reference.py"
PLAIN_MARTS = Path(__file__).parent / "plain_marts.py"


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

    two_marts = measure_plain(work, "two marts", [str(REFERENCE), str(feeds), str(work / "reference.duckdb")], log)
    loading = measure_plain(
        work, "loading", [str(REFERENCE), str(feeds), str(work / "loaded.duckdb"), "--load-only"], log
    )
    full = run_steps(work, "full", log)
    models = measure_models(work, log)
    every_model = together("plain SQL, every model", [loading, models])
    increment_from = arguments.increment or work / "increment"
    deliver(increment_from, feeds)
    increment = run_steps(work, "increment", log)
    nothing = run_steps(work, "nothing new", log)
    runs = {"full": full, "increment": increment, "nothing new": nothing}
    show(arguments.orders, [two_marts, loading, models, every_model], runs)


def measure_plain(work: Path, name: str, command: list[str], log: Path) -> Measured:
    """Measure one of the plain scripts; its database is removed afterwards."""
    measured = measure(f"plain SQL, {name}", [sys.executable, *command], environment={}, log=log)
    for path in work.glob("*.duckdb"):
        path.unlink()
    return measured


def measure_models(work: Path, log: Path) -> Measured:
    """Measure every model in plain SQL on the home of the full run.

    Raises:
        SystemExit: A table differs from the one that was built.
    """
    home, target = work / "home", work / "plain"
    shutil.rmtree(target, ignore_errors=True)
    measure("preparation", [sys.executable, str(PLAIN_MARTS), str(home), "--prepare"], environment={}, log=log)
    command = [sys.executable, str(PLAIN_MARTS), str(home), str(target)]
    measured = measure("plain SQL, models", command, environment={}, log=log)
    built = table_hashes(home / "warehouse" / "warehouse.duckdb")
    different = differing_tables(built, table_hashes(target / "warehouse.duckdb"))
    shutil.rmtree(target)
    if different:
        raise SystemExit(f"These tables differ from those of plain SQL: {', '.join(different)}.")
    return measured


def together(name: str, steps: Sequence[Measured]) -> Measured:
    """Return the cost of steps that follow each other."""
    seconds, cpu = sum(step.seconds for step in steps), sum(step.cpu_seconds for step in steps)
    return Measured(name, seconds, cpu, max(step.peak_bytes for step in steps))


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


def show(orders: int, plain: Sequence[Measured], runs: dict[str, Sequence[Measured]]) -> None:
    """Print every step and the ratios that the targets are about, which are to plain SQL of every model."""
    console = Console()
    table = Table(title=f"{orders:,} orders on {os.cpu_count()} cores", show_lines=False)
    for heading in ("step", "seconds", "CPU seconds", "peak MB", "× plain SQL"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    reference = plain[-1].seconds
    for step in plain:
        add_row(table, step, reference)
    table.add_section()
    for label, steps in runs.items():
        for step in steps:
            add_row(table, step, reference)
        add_row(table, together(f"{label}: all", steps), reference)
        table.add_section()
    console.print(table)
    seconds = {label: [step.seconds for step in steps] for label, steps in runs.items()}
    full, increment = sum(seconds["full"]), sum(seconds["increment"])
    ingest, build, audit, publish = seconds["full"]
    console.print(f"Ingest and build ÷ plain SQL of every model: {(ingest + build) / reference:.2f}")
    console.print(f"Audit and publish ÷ plain SQL of every model: {(audit + publish) / reference:.2f}")
    console.print(f"Full run ÷ plain SQL of two marts: {full / plain[0].seconds:.2f}")
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
