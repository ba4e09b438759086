"""Fixtures that open a page of the app on a home."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.dashboards.published_home import publish

DASHBOARDS = Path(__file__).parents[2] / "dashboards"
sys.path.insert(0, str(DASHBOARDS))
# Enough for a cold page on a busy machine. A warm page takes a tenth of a second.
TIMEOUT = 60

Open = Callable[..., AppTest]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish one version of 800 orders in a home that tests only read."""
    home = tmp_path_factory.mktemp("published")
    publish(home)
    return home


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Return a function that opens a page of the app on a home."""
    yield opener(monkeypatch)
    st.cache_resource.clear()


@pytest.fixture
def sign_in(monkeypatch: pytest.MonkeyPatch, open_page: Open) -> Iterator[Any]:
    """Return a function that sets the claims of the next pages."""
    from shared import people

    def _sign_in(email: str | None, **more: Any) -> None:
        signed = {"is_logged_in": True, "email": email, "sub": email, "iat": time.time(), **more}
        monkeypatch.setattr(people, "claims", lambda: signed if email else {"is_logged_in": False})

    yield _sign_in


def opener(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that opens a page of the app on a home, and forget what other homes cached."""

    def _open(home: Path, page: str = "today", /, **query: str) -> AppTest:
        monkeypatch.setenv("ORDERHOUSE_HOME", str(home))
        app = AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=TIMEOUT)
        if page != "today":
            app.switch_page(f"app_pages/{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    st.cache_data.clear()
    st.cache_resource.clear()
    return _open


def said(app: AppTest) -> str:
    """Return all texts of a page."""
    parts = [*app.title, *app.subheader, *app.caption, *app.markdown, *app.info, *app.warning, *app.error, *app.success]
    figures = [f"{metric.label} {metric.value} {metric.delta}" for metric in app.metric]
    return "\n".join([str(part.value) for part in parts] + [code.value for code in app.code] + figures)


@dataclass(frozen=True)
class Table:
    """A table as the reader sees it: its name, its headings by column, and the text of its cells."""

    name: str
    headings: dict[str, str]
    rows: list[dict[str, str | None]]
    ids: list[str]


def tables_of(app: AppTest) -> list[Table]:
    """Return the tables of a page. A coloured word counts as its text."""
    found = [json.loads(each.proto.json) for each in app.get("bidi_component")]
    return [
        Table(
            data["caption"],
            {column["name"]: column["heading"] for column in data["columns"]},
            [
                {
                    column["name"]: cell[0] if isinstance(cell, list) else cell
                    for column, cell in zip(data["columns"], row, strict=True)
                }
                for row in data["rows"]
            ],
            data["ids"],
        )
        for data in found
    ]


def table_with(app: AppTest, *columns: str) -> Table:
    """Return the first table of a page that has all these columns."""
    return next(table for table in tables_of(app) if set(columns) <= set(table.headings))


def open_row(app: AppTest, key: str, position: int = 0) -> AppTest:
    """Open a row of a table, as a click on it does."""
    table = next(table for table in tables_of(app) if table.name == key.replace("_", " "))
    app.session_state[f"{key}.opened"] = table.ids[position]
    return app.run()
