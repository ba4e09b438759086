"""Fixtures that open a page of the app on a home."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

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

    def _open(home: Path, page: str = "overview", **query: str) -> AppTest:
        monkeypatch.setenv("ORDERHOUSE_HOME", str(home))
        app = AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=TIMEOUT)
        if page != "overview":
            app.switch_page(f"app_pages/{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    st.cache_data.clear()
    st.cache_resource.clear()
    yield _open
    st.cache_resource.clear()


def said(app: AppTest) -> str:
    """Return all texts of a page."""
    parts = [*app.title, *app.subheader, *app.caption, *app.markdown, *app.info, *app.warning, *app.error, *app.success]
    figures = [f"{metric.label} {metric.value} {metric.delta}" for metric in app.metric]
    return "\n".join([str(part.value) for part in parts] + [code.value for code in app.code] + figures)
