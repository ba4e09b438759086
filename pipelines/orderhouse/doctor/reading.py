"""Reading of every block of DuckDB files, in a process of its own: a damaged file may end the process that reads it.

DuckDB compares each block with its checksum when it is read.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import duckdb

from orderhouse.errors import LockHeld
from orderhouse.storage.machine_errors import is_locked
from orderhouse.storage.sql_names import quote

__all__ = ["Readings", "read_whole"]

# What keeps each file from being read, in a few words; None if nothing does.
Readings = dict[Path, str | None]

LOCKED = "locked"


def read_whole(paths: Iterable[Path]) -> Readings:
    """Read every row of every table of the files that exist.

    Raises:
        LockHeld: Another program has one of them open.
    """
    waiting = [path for path in paths if path.exists()]
    found: Readings = {}
    while waiting:
        command = [sys.executable, "-m", "orderhouse.doctor.reading", *map(str, waiting)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        for path, line in zip(waiting, done.stdout.splitlines(), strict=False):
            kind, problem = json.loads(line)
            if kind == LOCKED:
                raise LockHeld(f"Another program has {path} open: {problem}")
            found[path] = problem
        if done.returncode:  # the file after those that were read ended the process
            path = next(path for path in waiting if path not in found)
            found[path] = f"reading it ended DuckDB with code {done.returncode}"
        waiting = [path for path in waiting if path not in found]
    return found


def _read(path: str) -> tuple[str, str | None]:
    try:
        with duckdb.connect(":memory:") as connection:
            location = path.replace("'", "''")
            connection.execute(f"attach '{location}' as held (read_only)")
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'held' order by all"
            ).fetchall()
            for schema, table in tables:
                name = f"held.{quote(schema)}.{quote(table)}"
                connection.execute(f"select sum(hash(each)::hugeint) from {name} as each").fetchall()  # noqa: S608
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        return (LOCKED if is_locked(error) else "damaged", first)
    return ("whole", None)


if __name__ == "__main__":
    for given in sys.argv[1:]:
        print(json.dumps(_read(given)), flush=True)
