"""Many runs of one home with a clock that moves on: the size of each store and the time of a run, every few runs.

`python tests/benchmarks/many_runs.py --runs 400 --to FOLDER` shows if something grows with the number of runs. Each run
finds nothing new and another clock. Not part of the test suite: a run takes some seconds.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orderhouse.cli.application import run_command
from orderhouse.settings import Settings
from orderhouse.simulate import simulate
from rich.console import Console
from rich.table import Table

FIRST = datetime(2030, 1, 1, tzinfo=UTC)


def main() -> None:
    """Run, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--every", type=int, default=5, help="Runs between two lines of the table.")
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--to", type=Path, required=True, help="An empty folder.")
    arguments = parser.parse_args()
    sources = make_sources(arguments.to / "feeds", arguments.orders)
    settings = Settings(home=arguments.to / "home")
    stores = stores_of(settings)
    table = Table("run", "seconds", "CPU s", "peak MB", *(f"{name} MB / files" for name in stores))
    for number in range(1, arguments.runs + 1):
        began, used = time.monotonic(), cpu_seconds()
        clock = (FIRST + timedelta(hours=number)).isoformat()
        options = ["--home", str(settings.home), "run", "--sources", str(sources), "--as-of", clock]
        if run_command(options) != 0:
            raise SystemExit(f"Run {number} failed.")
        if number == 1 or number % arguments.every == 0:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            sizes = [size_of(folders) for folders in stores.values()]
            row = (str(number), f"{time.monotonic() - began:.1f}", f"{cpu_seconds() - used:.1f}", str(peak), *sizes)
            table.add_row(*row)
            print(f"measured: {' | '.join(row)}", flush=True)  # what is known if the program is stopped
    Console(width=200).print(table)


def make_sources(folder: Path, orders: int) -> Path:
    """Simulate feeds, and return the sources file that declares them."""
    simulate(orders, 1, folder)
    return folder / "sources.yaml"


def stores_of(settings: Settings) -> dict[str, list[Path]]:
    """Return the folders of each store of a home."""
    return {
        "dagster": [settings.dagster_home],
        "audit": [settings.home / "audit"],
        "dbt": [settings.home / "dbt"],
        "logs": [settings.logs, settings.runs],
        "spill": [settings.spill],
        "published": [settings.published],
        "warehouse": [settings.warehouse],
        "vault": [settings.vault],
    }


def size_of(folders: list[Path]) -> str:
    """Return megabytes and number of files below folders."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return f"{sum(path.stat().st_size for path in files) / 1e6:.1f} / {len(files)}"


def cpu_seconds() -> float:
    """Return the processor seconds of this process and its children."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
