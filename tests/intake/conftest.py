"""Fixtures of the intake's tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from orderhouse.intake import receivers
from orderhouse.intake.application import make_application
from orderhouse.sources.config.sources_file import load_sources
from pydantic import SecretStr
from starlette.testclient import TestClient

from tests.intake.sending import ENVIRONMENT, SOURCES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a sources file of one source of every kind."""
    (tmp_path / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    """Return a client of the intake in this process."""
    with intake_of(folder) as client:
        yield client


def intake_of(folder: Path, now: datetime | None = None, token: str | None = None) -> TestClient:
    """Return a client of an intake. Its clock stands still if `now` is given, and `token` opens its figures."""
    found = receivers(load_sources(folder / "sources.yaml"), ENVIRONMENT)
    application = make_application(
        found,
        max_bytes=2000,
        log=logging.getLogger("test"),
        clock=lambda: now or datetime.now(UTC),
        metrics_token=SecretStr(token) if token else None,
    )
    return TestClient(application, raise_server_exceptions=False)
