"""Queries that a person typed into a server of many: each runs in a process of its own, which its limits may end.

DuckDB does not count the memory of a single value, see `bounded_process`. A limit on the memory of the server would
hold for all its readers, so the query gets a process: `python -m orderhouse.serve.apart` with the request on its
standard input. What a query may read is decided by `querying` as for every reader.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.serve.querying import Answer, ask, write_answer
from orderhouse.settings import Settings, load_settings
from orderhouse.storage.readers import GRACE_SECONDS, bounded_process, limited_errors

__all__ = ["Shown", "answer_apart", "csv_apart", "main"]

# Queries of one server that run at the same time, each with `query_memory_limit`, and seconds to wait for a place.
MOST_AT_ONCE = 3
PATIENCE = 30.0
# Seconds for the start of the process, beside the time of the query.
START_SECONDS = 30
# Status with which the process ends after a sentence; a limit that ends it has the same.
REFUSED = 2
PLACES = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True)
class Shown:
    """First rows of an answer.

    Attributes:
        rows: The rows.
        is_whole: True if the answer has no more rows.
        seconds: Duration of the query with the start of its process.
    """

    rows: pl.DataFrame
    is_whole: bool
    seconds: float


def answer_apart(settings: Settings, query: str, *, role: Role, version: int, rows: int) -> Shown:
    """Return the first rows of the answer to one reading statement on a published version.

    Args:
        settings: Settings of the home.
        query: The statement.
        role: The role that reads.
        version: The published version.
        rows: Most rows to return.

    Raises:
        OrderhouseError: The query is refused, fails or reaches a limit, or too many queries run.
    """
    began = time.monotonic()
    found = pl.read_parquet(io.BytesIO(_run(settings, query, role, version, form="parquet", rows=rows + 1)))
    return Shown(found.head(rows), found.height <= rows, time.monotonic() - began)


def csv_apart(settings: Settings, query: str, *, role: Role, version: int) -> bytes:
    """Return the whole answer as CSV with guarded formulas. Arguments and errors are those of `answer_apart`."""
    return _run(settings, query, role, version, form="csv", rows=None)


def _run(settings: Settings, query: str, role: Role, version: int, *, form: str, rows: int | None) -> bytes:
    """Run a query in a process, and return the answer in the form asked for.

    Raises:
        OrderhouseError: The process ended with a problem, had to be ended, or found no place.
    """
    request = {
        "home": str(settings.home), "query": query, "role": role.model_dump(), "version": version, "form": form,
        "rows": rows,
    }  # fmt: skip
    if not PLACES.acquire(timeout=PATIENCE):
        raise OrderhouseError(f"{MOST_AT_ONCE} other queries are running. Try again when one has ended.")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "orderhouse.serve.apart"],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=settings.query_seconds + GRACE_SECONDS + START_SECONDS,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise OrderhouseError("The query took too long and was ended. Narrow it.") from None
    finally:
        PLACES.release()
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip()
        is_sentence = done.returncode == REFUSED and told
        raise OrderhouseError(told if is_sentence else "The query ended its process, probably for want of memory.")
    return done.stdout


def main() -> None:
    """Run the request on the standard input, and write the answer to the standard output."""
    request = json.load(sys.stdin)
    try:
        _answer(request, load_settings(home=request["home"]))
    except OrderhouseError as error:
        print(error.message, file=sys.stderr)
        sys.exit(REFUSED)


def _answer(request: dict[str, Any], settings: Settings) -> None:
    role = Role.model_validate(request["role"])
    with (
        bounded_process(settings, settings.query_seconds),
        contextlib.closing(ask(settings, request["query"], version=request["version"], role=role)) as answer,
    ):
        if request["form"] == "csv":
            write_answer(answer, "csv", sys.stdout.buffer)
            return
        try:
            _first_rows(answer, request["rows"]).write_parquet(sys.stdout.buffer)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException, ValueError) as error:
            reason = (str(error).splitlines() or [""])[0]
            raise OrderhouseError(
                f"The page cannot show a column of this answer: {reason}. Give each column a name of its own, and cast "
                "intervals and the like to varchar."
            ) from None


def _first_rows(answer: Answer, most: int) -> pl.DataFrame:
    """Return at most so many rows. The query is stopped once they are there."""
    frames: list[pl.DataFrame] = []
    missing = most
    with limited_errors(answer.settings):
        reader = answer.relation.to_arrow_reader(10_000)
        schema = pl.DataFrame(pl.from_arrow(reader.schema.empty_table()))
        for batch in reader:
            frames.append(pl.DataFrame(pl.from_arrow(batch)).head(missing))
            missing -= frames[-1].height
            if missing <= 0:
                break
    return pl.concat(frames) if frames else schema


if __name__ == "__main__":
    main()
