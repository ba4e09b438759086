"""Fixture of a terminal that is wide enough for every table."""

from __future__ import annotations

import pytest
from orderhouse.cli.session import console, error_console


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "width", 200)
    monkeypatch.setattr(error_console, "width", 200)
