"""Readers of published tables: the one way to them, for every page, command and export.

A reader of a role gets a file that holds only the rows and columns of the role, see `orderhouse.access.role_copies`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orderhouse.access.role_copies import copy_for
from orderhouse.access.roles import OWNER, Role
from orderhouse.settings import Settings
from orderhouse.storage.readers import Preparation, open_built, published_path

__all__ = ["open_reader", "readable_path"]


def open_reader(
    settings: Settings,
    *,
    role: Role = OWNER,
    version: int | None = None,
    path: Path | None = None,
    writable: Path | None = None,
    seconds: float | None = None,
    prepare: Preparation | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open published tables for a reader, confined and limited.

    Args:
        settings: Settings of the home.
        role: The role that reads; the owner of the machine by default.
        version: A published version; the current one by default.
        path: Another file of the same tables, in place of a published version.
        writable: A folder into which the connection may write.
        seconds: Time limit of one query; `query_seconds` by default.
        prepare: Called with the connection before it is confined.

    Raises:
        OrderhouseError: Nothing is published yet, or not that version; or the role does not fit its tables.
    """
    found = readable_path(settings, role=role, version=version, path=path)
    return open_built(settings, found, writable=writable, prepare=prepare, seconds=seconds)


def readable_path(settings: Settings, *, role: Role, version: int | None = None, path: Path | None = None) -> Path:
    """Return the file that a role reads: that of the version, or the role's copy of it."""
    source = path or published_path(settings, version)
    return source if role.sees_everything else copy_for(settings, source, role)
