"""Fingerprint of everything that tables depend on besides rows. If it changes, the next build is a full one.

Its parts are the files of the dbt project, the business time zone, the reporting currency, the salt of tracking ids,
and of the raw database: coverage, feeds of which every row is in quarantine, vocabulary, sources, superseded loads, and
replayed rows that a later repair withdrew or replaced. Rows, batch and clock are no part of it, since incremental
models follow these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import duckdb

__all__ = ["changed_parts", "fingerprint", "project_hash"]

# Tables of which the rows of the greatest batch are the current set.
CURRENT_SETS = ("coverage", "serves", "words", "sources")
SUPERSEDED = """
    select source, file_id, batch_id from raw.files
    qualify batch_id < max(batch_id) over (partition by source, file_id)
    order by all
"""
REPLACED = """
    select distinct source, file_id, feed, record, batch_id from raw.replays
    where not starts_with(outcome, 'no_longer')
    qualify batch_id < max(batch_id) over (partition by source, file_id, feed, record)
        and max(outcome in ('accepted', 'duplicate')) over (partition by source, file_id, feed, record, batch_id)
    order by all
"""
# Folders and files that dbt or an editor may leave in the project and that define nothing.
NOT_DEFINITIONS = {"target", "logs", "dbt_packages", "__pycache__", ".user.yml"}


def project_hash(project: Path) -> str:
    """Return SHA-256 over the paths and contents of the dbt project's files."""
    digest = hashlib.sha256()
    for path in sorted(project.rglob("*")):
        inside = path.relative_to(project)
        if NOT_DEFINITIONS.isdisjoint(inside.parts) and path.is_file():
            digest.update(f"{inside.as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def fingerprint(project: Path, raw: duckdb.DuckDBPyConnection, variables: Mapping[str, object]) -> dict[str, str]:
    """Return the hash of each part, by its name for people.

    Args:
        project: Folder of the dbt project.
        raw: The raw database.
        variables: dbt variables that shape tables, without clock and batch.
    """
    parts = {"the dbt project": project_hash(project)}
    for name in CURRENT_SETS:
        rows = raw.execute(
            f"select * exclude (batch_id) from raw.{name} "  # noqa: S608 - a name from the tuple above
            f"where batch_id = (select max(batch_id) from raw.{name}) order by all"
        ).fetchall()
        parts[f"{name} of the sources" if name != "sources" else "the sources"] = _digest(rows)
    untaken = raw.execute("select source, feed from raw.untaken_feeds order by all").fetchall()
    parts["feeds of which every row is in quarantine"] = _digest(untaken)
    parts["superseded loads"] = _digest(raw.execute(SUPERSEDED).fetchall())
    parts["repairs that replaced replayed rows"] = _digest(raw.execute(REPLACED).fetchall())
    parts |= {f"the setting {name}": _digest(value) for name, value in variables.items()}
    return parts


def changed_parts(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names of the parts that differ, in order."""
    return [name for name in after if before.get(name) != after[name]] + [name for name in before if name not in after]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()
