"""People at work on the dashboards at once: how long each interaction takes, and what a session costs.

`python -m tests.benchmarks.people --home HOME` serves the pages of a home with a published version. Each person opens a
session as a browser does, and does the steps of a job in a loop, with a pause to read after each. An interaction lasts
from its request to the end of the page's run, with everything that the page sent. People of customer care look for an
order of their own, and their pages must name it and no order of their colleagues.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import tempfile
import time
import urllib.parse
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import psutil
from orderhouse.settings import Settings
from rich.console import Console
from rich.table import Table
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from tests.browser.conftest import SERVE, serving

# Pages of each job, with their query. `{own}` is an order of the person's own.
JOBS = {
    "operations": ["today?", "orders?late=now", "exceptions?", "exceptions?state=all", "fulfilment?", "shipments?"],
    "customer care": ["orders?q={own}", "orders?order={own}", "returns?", "orders?"],
    "finance": ["revenue?", "payments?", "kpis?", "orders?payment=unpaid"],
    "marketing": ["customers?", "customers?lifecycle=active", "feedback?", "products?"],
    "purchasing": ["inventory?reorder=true", "inventory?sort=-on_hand", "forecasts?", "routing?"],
}
FAILED = ForwardMsg.ScriptFinishedStatus.Value("FINISHED_WITH_COMPILE_ERROR")
DONE = ForwardMsg.ScriptFinishedStatus.Value("FINISHED_SUCCESSFULLY")
LARGEST = 200_000_000
SAMPLE_SECONDS = 5


@dataclass
class Person:
    """One person: a job, an order of their own, and how long each interaction took, by page."""

    job: str
    own: str
    others: list[str]
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)

    async def work(self, port: int, until: float, pause: float, chance: random.Random) -> None:
        """Do the steps of the job until the time is over."""
        await asyncio.sleep(chance.uniform(0, pause))
        address = f"ws://127.0.0.1:{port}/_stcore/stream"
        async with connect(
            address, origin=f"http://127.0.0.1:{port}", subprotocols=["streamlit"], max_size=LARGEST
        ) as session:
            while time.monotonic() < until:
                for step in JOBS[self.job]:
                    await self._interact(session, step)
                    await asyncio.sleep(chance.uniform(pause / 2, 1.5 * pause))
                    if time.monotonic() >= until:
                        return

    async def _interact(self, session: ClientConnection, step: str) -> None:
        page, _, query = step.format(own=urllib.parse.quote(self.own)).partition("?")
        asked = BackMsg()
        asked.rerun_script.query_string, asked.rerun_script.page_name = query, page
        asked.rerun_script.context_info.timezone = "Europe/Berlin"
        asked.rerun_script.context_info.locale = "en-GB"
        began = time.perf_counter()
        await session.send(asked.SerializeToString())
        sent = bytearray()
        while True:
            given = await session.recv()
            assert isinstance(given, bytes)
            message = ForwardMsg.FromString(given)
            sent += given
            if message.WhichOneof("type") == "script_finished" and message.script_finished in (DONE, FAILED):
                break
        self.seconds[f"{page}?{query}" if "{own}" not in step else step].append(time.perf_counter() - began)
        self._look(step, message.script_finished, bytes(sent))

    def _look(self, step: str, status: int, sent: bytes) -> None:
        """Note what is wrong with a page: that it failed, or whose order it names."""
        if status == FAILED or b"Traceback" in sent:
            self.problems.append(f"{self.job} {step}: failed")
        if "{own}" in step:
            if self.own.encode() not in sent:
                self.problems.append(f"{step}: {self.own} is not on the page")
            self.problems += [f"{step}: {other} of somebody else" for other in self.others if other.encode() in sent]


@contextmanager
def served(home: Path) -> Iterator[int]:
    """Serve the pages of a home, and yield the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder, serving(SERVE, "/_stcore/health", home, Path(folder), port=port):
        yield port


def server_of(port: int) -> psutil.Process:
    """Return the process that listens on a port."""
    for process in psutil.Process().children(recursive=True):
        if any(each.laddr.port == port for each in process.net_connections() if each.status == psutil.CONN_LISTEN):
            return process
    raise SystemExit("The server does not run.")


def orders_of(home: Path, number: int) -> list[str]:
    """Return ids of orders, spread over the whole history."""
    with duckdb.connect(
        str(home / "published" / (home / "published" / "current").read_text().strip()), read_only=True
    ) as c:
        rows = c.execute(
            "select order_id from marts.fct_orders order by hash(order_id), order_id limit ?", [number]
        ).fetchall()
    return [str(order_id) for (order_id,) in rows]


def colleagues(home: Path, people: int) -> list[Person]:
    """Return people with the jobs in turn, each with an order that nobody else has."""
    orders = orders_of(home, people)
    jobs = list(JOBS)
    return [
        Person(jobs[number % len(jobs)], own, [each for each in orders if each != own])
        for number, own in enumerate(orders)
    ]


async def work(people: list[Person], port: int, seconds: float, pause: float) -> list[float]:
    """Let everybody work, and return the memory of the server in bytes, sampled."""
    until = time.monotonic() + seconds
    chance = random.Random(7)  # noqa: S311
    server, memory = server_of(port), []

    async def watch() -> None:
        while time.monotonic() < until:
            memory.append(float(sum(each.memory_info().rss for each in [server, *server.children(recursive=True)])))
            await asyncio.sleep(SAMPLE_SECONDS)

    await asyncio.gather(watch(), *(each.work(port, until, pause, random.Random(chance.random())) for each in people))  # noqa: S311
    return memory


def show(people: list[Person], memory: list[float]) -> None:
    """Print times by page, the sums, memory and problems."""
    times: dict[str, list[float]] = defaultdict(list)
    for person in people:
        for step, seconds in person.seconds.items():
            times[step] += seconds
    table = Table("page", "interactions", "median s", "p95 s", "longest s")
    for step, seconds in [*sorted(times.items()), ("all", [each for some in times.values() for each in some])]:
        table.add_row(step, str(len(seconds)), *(f"{_share(seconds, part):.2f}" for part in (0.5, 0.95, 1)))
    Console(width=140).print(table)
    middle = memory[len(memory) // 2]
    megabytes = {"first": memory[0], "half": middle, "last": memory[-1], "greatest": max(memory)}
    problems = [problem for person in people for problem in person.problems]
    summary = {
        "people": len(people),
        "memory_mb": {when: round(size / 1e6) for when, size in megabytes.items()},
        "problems": problems[:20],
    }
    print(json.dumps(summary, indent=1))


def _share(seconds: list[float], part: float) -> float:
    """Return the time below which a share of the interactions lies."""
    return sorted(seconds)[min(len(seconds) - 1, int(part * len(seconds)))]


def main() -> None:
    """Serve, let people work, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Settings().home)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--pause", type=float, default=8, help="seconds that a person reads a page, on average")
    given = parser.parse_args()
    people = colleagues(given.home, given.people)
    with served(given.home) as port:
        memory = asyncio.run(work(people, port, given.minutes * 60, given.pause))
    show(people, memory)


if __name__ == "__main__":
    main()
