"""Load on the webhook intake, on this machine: bodies per second and response times.

Run it with ``python -m tests.benchmarks.intake_load``. It ends by itself after a bounded number of bodies or seconds,
and then compares what was acknowledged with what is on the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.intake.sending import SOURCES, landed, order_body, served, shopify_headers


@dataclass
class Load:
    """Parameters of a load test, and its results."""

    port: int
    bodies: int
    deadline: float
    padding: str
    sent: int = 0
    acknowledged: set[bytes] = field(default_factory=set)
    other: int = 0
    seconds: list[float] = field(default_factory=list)

    async def send(self) -> None:
        """Send one body after another over one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            while self.sent < self.bodies and time.monotonic() < self.deadline:
                self.sent += 1
                await self._send_one(reader, writer, order_body(self.sent, email=f"{self.padding}@example.com"))
        finally:
            writer.close()

    async def _send_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> None:
        headers = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **shopify_headers(body)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        began = time.perf_counter()
        writer.write(f"POST /webhooks/shop HTTP/1.1\r\n{lines}\r\n".encode() + body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
        await reader.readexactly(length)
        self.seconds.append(time.perf_counter() - began)
        if head.startswith(b"HTTP/1.1 200"):
            self.acknowledged.add(body)
        else:
            self.other += 1


async def _load(load: Load, connections: int) -> float:
    began = time.monotonic()
    await asyncio.gather(*(load.send() for _ in range(connections)))
    return time.monotonic() - began


def measure(bodies: int, connections: int, seconds: float, kilobytes: int) -> dict[str, float | int]:
    """Send bodies over several connections and measure; rates per second, latencies in milliseconds."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "sources.yaml").write_text(SOURCES, encoding="utf-8")
        with served(folder) as server:
            load = Load(server.port, bodies, time.monotonic() + seconds, "x" * 1000 * kilobytes)
            took = asyncio.run(_load(load, connections))
        files = {path.read_bytes() for path in landed(folder)}
        times = sorted(load.seconds)
        return {
            "connections": connections,
            "acknowledged": len(load.acknowledged),
            "not_acknowledged": load.other,
            "lost": len(load.acknowledged - files),
            "per_second": round(len(load.acknowledged) / took, 1),
            "p50_ms": round(1000 * times[len(times) // 2], 2),
            "p99_ms": round(1000 * times[len(times) * 99 // 100], 2),
        }


def main() -> None:
    """Measure as asked and print one line of JSON for each number of connections."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--bodies", type=int, default=5000)
    asked.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    asked.add_argument("--seconds", type=float, default=30, help="the most that one measurement takes")
    asked.add_argument("--kilobytes", type=int, default=4, help="size of a body")
    options = asked.parse_args()
    for connections in options.connections:
        found = measure(options.bodies, connections, options.seconds, options.kilobytes)
        print(json.dumps(found))
        if found["lost"]:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
