"""Fixtures of the ingest tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.landing import Landing


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """Return a landing folder whose files are named by feed."""
    place = Landing(tmp_path)
    place.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    return place


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that every user may enter. The folders of pytest admit one user only."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def closed_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a folder that no user may enter and that contains settings, as after `sudo -u`."""
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "orderhouse.toml").write_text("keep_versions = 3\n")
    monkeypatch.chdir(folder)
    folder.chmod(0o000)
    yield folder
    folder.chmod(0o700)
