"""Load on the portal, on this machine: response times at a fixed rate of requests, and the rate that it reaches.

Run it with ``python -m tests.benchmarks.portal --home HOME`` on a home with a published version. A request is sent when
its time has come, whether or not earlier ones are answered, and its response time counts from then. Each measurement
ends after its seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orderhouse.portal.current import Current
from orderhouse.settings import Settings

PATHS = {"page": "/track/{id}", "json": "/v1/track/{id}"}
UNLIMITED = {
    "ORDERHOUSE_PORTAL_CLIENT_PER_MINUTE": "1000000000",
    "ORDERHOUSE_PORTAL_PER_SECOND": "1000000000",
}


@dataclass
class Load:
    """Parameters of one measurement, and its results."""

    port: int
    path: str
    ids: list[str]
    rate: float
    seconds: float
    began: float = 0
    sent: int = 0
    times: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    async def run(self, connections: int) -> None:
        """Send requests over several connections until the time is over."""
        self.began = time.perf_counter()
        await asyncio.gather(*(self._connection() for _ in range(connections)))

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            while True:
                due = self.began + self.sent / self.rate
                if due > self.began + self.seconds or time.perf_counter() > self.began + 2 * self.seconds:
                    return
                self.sent += 1
                await asyncio.sleep(max(0, due - time.perf_counter()))
                path = self.path.format(id=random.choice(self.ids))  # noqa: S311
                writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                self.times.append(time.perf_counter() - due)
                status = int(head[9:12])
                self.statuses[status] = self.statuses.get(status, 0) + 1
        finally:
            writer.close()

    def result(self) -> dict[str, object]:
        """Return rate and response times."""
        took = time.perf_counter() - self.began
        times = sorted(self.times)
        return {
            "path": self.path,
            "asked_per_second": self.rate,
            "answered_per_second": round(len(times) / took, 1),
            "p50_ms": round(1000 * times[len(times) // 2], 2),
            "p99_ms": round(1000 * times[len(times) * 99 // 100], 2),
            "statuses": self.statuses,
            "machine_load": os.getloadavg()[0],
        }


@contextlib.contextmanager
def served(home: Path, workers: int) -> Iterator[int]:
    """Run the portal on a free port, and yield the port."""
    command = [str(Path(sys.executable).with_name("orderhouse")), "--home", str(home), "portal", "--port", "0"]
    log = home / "logs" / "portal.log"
    start = len(log.read_text()) if log.exists() else 0
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], env=os.environ | UNLIMITED | {"COLUMNS": "200"}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline().decode()
        port = re.search(r"127\.0\.0\.1:(\d+)", first)
        assert port, first
        # Each worker notes when it serves the version.
        while not log.exists() or len(log.read_text()[start:].split(" serving version ")) <= workers:
            time.sleep(0.5)
        yield int(port[1])
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.stdout.close()


def main() -> None:
    """Measure as asked and print one line of JSON for each path and rate."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--home", type=Path, required=True)
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--rates", type=float, nargs="+", default=[250, 500, 1000, 2000])
    asked.add_argument("--connections", type=int, default=64)
    asked.add_argument("--seconds", type=float, default=10)
    options = asked.parse_args()
    current = Current(Settings(home=options.home), logging.getLogger("benchmark"))
    current.refresh()
    ids = [each.decode() for each in current.index().ids()]
    for path in PATHS.values():
        with served(options.home, options.workers) as port:
            for rate in options.rates:
                load = Load(port, path, ids, rate, options.seconds)
                asyncio.run(load.run(options.connections))
                print(json.dumps({"workers": options.workers, "orders": len(ids), **load.result()}), flush=True)


if __name__ == "__main__":
    main()
