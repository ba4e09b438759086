"""The walk itself."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dashboards.conftest import opener
from tests.dashboards.walk.faults import faults_of
from tests.dashboards.walk.views import views_of
from tests.integration.running import published_file

__all__ = ["assert_walk_is_clean"]


def assert_walk_is_clean(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open every page of a home, and fail with a list of all faults."""
    open_page = opener(monkeypatch)
    with duckdb.connect(str(published_file(home)), read_only=True) as connection:
        found = [
            f"{page} {query}: {fault}"
            for page, query in views_of(connection)
            for fault in faults_of(open_page(home, page, **query), page, query, partial(_ask, connection))
        ]
    assert not found, "\n".join(found)


def _ask(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> Any:
    """Return the single value of a query."""
    row = connection.execute(sql, list(values)).fetchone()
    return row[0] if row else None
