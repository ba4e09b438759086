"""A home with one batch of orders, and the small project in the place of the real one."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.build import building, dbt
from orderhouse.settings import Settings

from tests.build.small_project import receive, write_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small project's folder."""
    folder = write_project(tmp_path / "project")
    monkeypatch.setattr(dbt, "project_folder", lambda: folder)
    monkeypatch.setattr(building, "project_folder", lambda: folder)
    return folder


@pytest.fixture
def settings(tmp_path: Path, project: Path) -> Settings:
    """A home in which two orders arrived."""
    found = Settings(home=tmp_path / "home", sources=tmp_path / "no-sources.yaml")
    receive(found, 1, {"A": "2026-01-01 10:00:00", "B": "2026-01-02 10:00:00"})
    return found
