"""`orderhouse up` left alone while files keep arriving: memory, open files, processes and sizes over time.

Files of a simulated merchant arrive one after another in the landing folder, the sensor starts runs, and `/metrics` is
scraped. Each figure is sampled, and its middle value in the second quarter of the time is compared with that in the
last one: what grows leaks. The first quarter is the warm-up.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import requests
from orderhouse.settings import Settings
from orderhouse.simulate import simulate
from orderhouse.storage.step_records import load_steps
from rich.console import Console
from rich.table import Table

Sample = dict[str, float]

SAMPLE_SECONDS = 10


def main() -> None:
    """Serve, deliver, sample, and print the table."""
    given = read_arguments()
    home: Path = given.to / "home"
    shutil.rmtree(given.to, ignore_errors=True)
    feeds = given.to / "feeds"
    simulate(orders=given.orders, seed=11, orders_per_file=max(1, given.orders // 60), to=feeds)
    sources = given.to / "sources.yaml"
    sources.write_text((feeds / "sources.yaml").read_text().replace("'*.csv'", f"'{home}/landing/*.csv'"))
    files = sorted(feeds.glob("*.csv"), key=lambda path: (path.stem.rpartition("-")[2], path.name))
    (home / "landing").mkdir(parents=True)
    with serving(home, sources) as (server, dashboards):
        samples = list(observed(server, dashboards, home, files, given.minutes * 60, given.every))
    (given.to / "samples.json").write_text(json.dumps(samples))
    show(samples)


def read_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--every", type=float, default=15, help="seconds between two files")
    parser.add_argument("--orders", type=int, default=3000)
    parser.add_argument("--to", type=Path, default=Path("data/soak"), help="folder for feeds, home and samples")
    return parser.parse_args()


@contextlib.contextmanager
def serving(home: Path, sources: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Run `orderhouse up`; give its process and the address of the dashboards."""
    port, dashboard_port = free_port(), free_port()
    command = [str(Path(sys.executable).with_name("orderhouse")), "up"]
    environment = os.environ | {"ORDERHOUSE_HOME": str(home), "ORDERHOUSE_SOURCES": str(sources)}
    with (home.parent / "up.log").open("w") as log:
        server = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--port", str(port), "--dashboard-port", str(dashboard_port)],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield psutil.Process(server.pid), f"http://127.0.0.1:{dashboard_port}"
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)


def observed(
    server: psutil.Process, dashboards: str, home: Path, files: list[Path], seconds: float, every: float
) -> Iterator[Sample]:
    """Deliver files and yield samples until the time is over."""
    began = time.monotonic()
    delivered, next_sample = 0, 0.0
    settings = Settings(home=home)
    while (now := time.monotonic() - began) < seconds:
        while delivered < len(files) and now >= delivered * every:
            shutil.copy(files[delivered], home / "landing")
            delivered += 1
        if now >= next_sample:
            next_sample = now + SAMPLE_SECONDS
            yield sampled(server, dashboards, home, now) | {
                "files delivered": delivered,
                "runs": float(sum(step.runs for name, step in load_steps(settings).items() if name == "publish")),
            }
        time.sleep(0.5)


def sampled(server: psutil.Process, dashboards: str, home: Path, now: float) -> Sample:
    """Return the figures of this moment, over the server and all of its child processes."""
    sample: Sample = {"seconds": now, "processes": 0, "MB": 0, "open files": 0, "connections": 0, "threads": 0}
    for process in [server, *server.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            sample["MB"] += process.memory_full_info().uss / 1e6
            sample["open files"] += process.num_fds()
            sample["connections"] += len(process.net_connections())
            sample["threads"] += process.num_threads()
            sample["processes"] += 1
    for folder in ("dagster", "logs", "audit", "published", "warehouse", "tmp"):
        sample[f"{folder} MB"] = sum(path.stat().st_size for path in existing(home / folder)) / 1e6
    with contextlib.suppress(requests.RequestException):
        asked = time.monotonic()
        requests.get(f"{dashboards}/metrics", timeout=20).raise_for_status()
        sample["/metrics s"] = time.monotonic() - asked
    return sample


def existing(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder that are still there."""
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file():
                yield path


def show(samples: list[Sample]) -> None:
    """Print the middle values of the second and of the last quarter."""
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    table = Table("figure", "second quarter", "last quarter", "most", title=f"{len(samples)} samples")
    for name in samples[-1]:
        values = [[sample[name] for sample in part if name in sample] for part in (early, late, samples)]
        if all(values):
            middle = [f"{statistics.median(part):,.2f}" for part in values[:2]]
            table.add_row(name, *middle, f"{max(values[2]):,.2f}")
    Console().print(table)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
