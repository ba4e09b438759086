"""Fixtures: a home with published orders, and clients of the portal in this process."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from orderhouse.portal.application import make_application
from orderhouse.settings import Settings
from starlette.testclient import TestClient

from tests.portal.published_home import publish


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of a home with a published version, which no test changes."""
    return publish(tmp_path_factory.mktemp("portal"))


@pytest.fixture(scope="session")
def client(settings: Settings) -> Iterator[TestClient]:
    """Return a client of a portal whose home no test changes."""
    with portal(settings) as client:
        yield client


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """Return the settings of a home with a published version of one's own."""
    return publish(tmp_path / "home")


@contextlib.contextmanager
def portal(settings: Settings, **options: object) -> Iterator[TestClient]:
    """Run the portal in this process."""
    changed = settings.model_copy(update={"portal_client_per_minute": 10_000, **options})
    application = make_application(changed, logging.getLogger("test"))
    with TestClient(application, base_url="http://127.0.0.1:8760", follow_redirects=False) as client:  # type: ignore[arg-type]
        yield client
