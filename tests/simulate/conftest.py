"""Fixtures of simulated worlds that several tests read, made once per session."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.simulate import Mess, simulate


@pytest.fixture(scope="session")
def tidy_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate 2,500 orders without any mess, in two parts."""
    folder = tmp_path_factory.mktemp("tidy")
    simulate(2_500, 5, folder, orders_per_file=2_000)
    return folder


@pytest.fixture(scope="session")
def messy_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate the same 2,500 orders with a lot of mess."""
    folder = tmp_path_factory.mktemp("messy")
    simulate(2_500, 5, folder, Mess.heavy(), orders_per_file=2_000)
    return folder
