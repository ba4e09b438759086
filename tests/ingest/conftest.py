"""Fixtures of the ingest tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.landing import Landing


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """A landing folder whose files are named by feed."""
    place = Landing(tmp_path)
    place.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    return place
