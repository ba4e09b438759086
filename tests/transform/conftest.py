"""Fixtures of a home with one batch of orders, and of the small project in the place of the real one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from orderhouse.settings import Settings
from orderhouse.transform import building, dbt

from tests.integration.running import PARSED, copy_parsed_project
from tests.transform.small_project import receive, write_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the small project in place of the real one; return its folder."""
    folder = write_project(tmp_path / "project")
    monkeypatch.setattr(dbt, "project_folder", lambda: folder)
    monkeypatch.setattr(building, "project_folder", lambda: folder)
    return folder


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parse the small project once; return dbt's parse cache. dbt parses again the files that a test changes."""
    folder = tmp_path_factory.mktemp("parsed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt, "project_folder", partial(write_project, folder / "project"))
        dbt.parsed_project(Settings(home=folder / "home"))
    return folder / "home" / PARSED


@pytest.fixture
def settings(tmp_path: Path, project: Path, parsed: Path) -> Settings:
    """Return the settings of a home in which two orders arrived."""
    found = Settings(home=tmp_path / "home", sources=tmp_path / "no-sources.yaml")
    copy_parsed_project(parsed, found.home)
    receive(found, 1, {"A": "2026-01-01 10:00:00", "B": "2026-01-02 10:00:00"})
    return found
