"""Processes to be killed. They fork from one that has imported everything, so that hundreds take seconds.

The fork server itself never opens a database or makes a frame; each child opens its own.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
import threading
import types
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any
from unittest import mock

from orderhouse import faults
from orderhouse.cli.application import run_command
from orderhouse.ingest import loading
from orderhouse.receive import receive
from orderhouse.settings import Settings, load_settings
from orderhouse.vault.keys import load_keys
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import open_vault

from tests.ingest.landing import LINES_HEADER, ORDERS_HEADER, PAYMENTS_HEADER, Landing, line, order
from tests.integration.running import PROJECT, share_parsed_project

KILLED = (137, -9)
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["tests.properties.killing", "dbt.cli.main", "dbt.adapters.duckdb", "great_expectations.expectations"]
)

# A start also polls the processes that other threads wait for. Of two polls at once, one reads no exit code: 255.
POLLING = threading.Lock()

# A child runs the script of `__main__` first. Streamlit's AppTest leaves the page that it ran there.
NO_SCRIPT = types.ModuleType("__main__")

RAW = {
    "orders": "order_id, currency, email_token is not null, _file_id, _record, _is_duplicate, _source",
    "order_lines": "* exclude (_received_at, _batch_id)",
    "payments": "* exclude (_received_at, _batch_id)",
    "quarantine": "quarantine_id, file_id, feed, record, source, path, rules, reasons",
    "files": "* exclude (received_at, batch_id)",
    "sources": "* exclude (batch_id)",
    "coverage": "* exclude (batch_id)",
    "words": "* exclude (batch_id)",
}


def deliver(folder: Path) -> Landing:
    """Write small feeds in several files, with duplicates within and between them, bad rows and personal data."""
    landing = Landing(folder)
    landing.declare(
        "sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    words: {kind: {paid: captured}}\n"
    )
    payment = "p{0},o{0},captured,10.00,EUR,2026-01-02T03:04:05Z\n"
    for number in range(4):
        own = range(3 * number, 3 * number + 4)
        landing.write(
            f"feeds/orders-{number}.csv",
            ORDERS_HEADER + "".join(map(order, own)) + order(90 + number, currency="?"),
        )
        landing.write(f"feeds/order_lines-{number}.csv", LINES_HEADER + "".join(map(line, own)) + line(1, quantity="x"))
    landing.write("feeds/payments.csv", PAYMENTS_HEADER + "".join(payment.format(number) for number in range(6)))
    return landing


def load(folder: str, fault: str = "") -> None:
    """Ingest in this process, a few files to a transaction; with a fault, be killed by it."""
    loading.ROW_BUDGET = 12
    if fault:
        os.environ[faults.VARIABLE] = fault
    landing = Landing(Path(folder))
    receive(load_settings(home=landing.folder / "home", sources=landing.sources_file, threads=1))
    (landing.folder / "statements").write_text(str(faults._reached.get(faults.STATEMENT, 0)))


def whole_run(home: str, sources: str, as_of: str) -> None:
    """Ingest, build, predict, audit and publish in this process, as `orderhouse run` does."""
    from orderhouse.audit import audit
    from orderhouse.predict.running import predict
    from orderhouse.serve.publishing import publish
    from orderhouse.storage.warehouse import run_lock
    from orderhouse.transform import build

    settings = load_settings(home=Path(home), sources=Path(sources))
    with run_lock(settings, "run", wait_seconds=10):
        receive(settings)
        build(settings, as_of=as_of)
        predict(settings)
        assert audit(settings).passed
        publish(settings)


def kill(*arguments: str, home: Path, fault: str) -> None:
    """Run one command of `orderhouse` in a forked process. Fails unless the fault kills it."""
    share_parsed_project(home)
    kill_call(_command, str(home), *arguments, fault=fault)


def kill_call(function: Callable[..., object], *arguments: str, fault: str) -> None:
    """Call a function of a module in a forked process. Fails unless the fault kills it."""
    assert ended(start(_with_fault, function, fault, *arguments)) == KILLED[0]


def _with_fault(function: Callable[..., object], fault: str, *arguments: str) -> None:
    os.environ[faults.VARIABLE] = fault
    function(*arguments)


def _command(home: str, *arguments: str) -> None:
    os.chdir(PROJECT)
    os.environ["ORDERHOUSE_HOME"] = home
    sys.exit(run_command(list(arguments)))


def start(function: Callable[..., object], *arguments: Any) -> Any:
    """Start a process."""
    process = PROCESSES.Process(target=function, args=arguments)
    with POLLING, mock.patch.dict(sys.modules, __main__=NO_SCRIPT):
        process.start()
    return process


def ended(process: Any) -> int:
    """Wait for the end of a process; return its exit code."""
    wait([process.sentinel])
    with POLLING:
        process.join()
    code = process.exitcode
    process.close()
    return int(code)


@dataclass(frozen=True)
class Content:
    """Content of a home without receipts, and the state of its vault."""

    tables: dict[str, list[tuple[Any, ...]]]
    tokens_without_value: int
    originals_missing: list[str]


def content_of(landing: Landing) -> Content:
    """Return the content of the raw tables."""
    settings: Settings = landing.settings
    tables = {
        name: sorted(landing.query(f"select {columns} from raw.{name}"), key=repr) for name, columns in RAW.items()
    }
    tokens = {token for (token,) in landing.query("select email_token from raw.orders")}
    with open_vault(settings) as vault:
        without = tokens - vault.reveal(tokens).keys()
    kept = Originals(settings, load_keys(settings))
    files = {file_id for (file_id,) in landing.query("select file_id from raw.files")}
    missing = [file_id for file_id in files if not kept.has(file_id) or not _is_whole(kept, file_id)]
    return Content(tables, len(without), missing)


def _is_whole(kept: Originals, file_id: str) -> bool:
    with kept.file(file_id, "", 0).open() as stream:
        return bool(stream.read())


def remove(landing: Landing) -> None:
    """Delete the folder to free disk space."""
    shutil.rmtree(landing.folder)


def statements_of(landing: Landing) -> int:
    """Return the number of statements that the last load of this folder executed."""
    return int(json.loads((landing.folder / "statements").read_text()))
