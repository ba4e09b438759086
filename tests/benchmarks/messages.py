"""Benchmark of messages: orders are told by mail, from the published version to a mail server in another process.

It prints messages per second of deriving and of delivering (judged, addressed from the vault, rendered, handed over and
recorded one by one), and the most memory of this process.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import resource
import socket
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
from aiosmtpd.controller import Controller
from orderhouse.messages.service import count_by_state, deliver_messages, derive_messages
from orderhouse.operations.store import open_store
from orderhouse.settings import Settings
from orderhouse.storage.home_identity import claim
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.vault import open_vault

from tests.messages.home import configure, publish
from tests.messages.making import NOW

LANGUAGES = ("en", "de", "pt", "hi")


class Counter:
    """Handler of a mail server that counts what it takes."""

    def __init__(self) -> None:
        self.count = 0

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - the name that aiosmtpd calls
        """Count a mail."""
        self.count += 1
        return "250 OK"


def serve(port: int, stop: object, taken: object) -> None:
    """Run the mail server in this process until it is told to stop."""
    counter = Counter()
    controller = Controller(counter, hostname="127.0.0.1", port=port)
    controller.start()
    stop.wait()  # type: ignore[attr-defined]
    controller.stop()
    taken.value = counter.count  # type: ignore[attr-defined]


def settle(settings: Settings, people: int) -> pl.DataFrame:
    """Store the people in the vault, and return their tokens."""
    numbers = range(people)
    frame = pl.DataFrame(
        {"email": [f"person{n}@example.com" for n in numbers], "name": [f"Person Number {n}" for n in numbers]}
    )
    with open_vault(settings) as vault, contextlib.closing(open_raw(settings)) as raw:
        claim(raw, vault.keys.fingerprint)
        tokens = vault.tokenise(frame, {"email": "email", "name": "name"})
        vault.flush()
        raw.register("incoming", tokens.to_arrow())
        raw.execute("insert into received.loads by name select 1 as load_id, 1 as batch_id, 'shop' as source")
        raw.execute(
            "insert into received.customers by name select *, 'C' as customer_id, 1 as _load_id, "
            "row_number() over () as _record from incoming"
        )
    return tokens


def fill(settings: Settings, tokens: pl.DataFrame) -> None:
    """Publish one order of each person."""
    publish(settings)
    path = settings.published / "warehouse-1.duckdb"
    with duckdb.connect(str(path)) as connection:
        rows = tokens.with_row_index("number").with_columns(
            language=pl.Series([LANGUAGES[n % len(LANGUAGES)] for n in range(tokens.height)])
        )
        connection.register("people", rows.to_arrow())
        connection.execute(
            """
            insert into marts.dim_customers select number::varchar, email_token, language, true from people;
            insert into ops.orders by name
            select 'OH-' || number as order_id, lpad(number::varchar, 12, '0') as tracking_id,
                number::varchar as customer_key, email_token as customer_token, 3 as ordered_quantity
            from people;
            insert into ops.order_lines by name
            select 'OH-' || number as order_id, line::varchar as line_id, ['K', 'T'][1 + line % 2] as sku
            from people, range(3) as lines(line)
            """
        )


def main() -> None:
    """Derive and deliver, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    given = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes = multiprocessing.get_context("spawn")
    stop, taken = processes.Event(), processes.Value("q", 0)
    server = processes.Process(target=serve, args=(port, stop, taken))
    server.start()
    with tempfile.TemporaryDirectory(prefix="messages-") as folder:
        settings = Settings(home=Path(folder))
        tokens = settle(settings, given.messages)
        configure(settings, f"127.0.0.1:{port}")
        derive_messages(settings, now=NOW - timedelta(days=1))
        fill(settings, tokens)
        began = time.monotonic()
        derive_messages(settings, now=NOW)
        derived = time.monotonic() - began
        again = time.monotonic()
        derive_messages(settings, now=NOW)
        again = time.monotonic() - again
        before = memory()
        began = time.monotonic()
        result, _ = deliver_messages(settings, now=NOW)
        seconds = time.monotonic() - began
        states = count_by_state(open_store(settings))
    stop.set()
    server.join()
    print(f"derived {given.messages:,} in {derived:.1f} s, again without news in {again:.1f} s")
    print(f"delivered {result.sent:,} in {seconds:.1f} s: {result.sent / seconds:,.0f} a second; states {states}")
    print(f"the server took {taken.value:,}; memory {memory():,.0f} MB, {before:,.0f} MB before the delivery")


def memory() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
