"""Every cell of the marts of chaotic worlds, computed a second time."""

from __future__ import annotations

import pytest

from tests.oracle.chaos import AS_OF, write_chaos
from tests.oracle.checking import assert_table_agrees, compare_built
from tests.oracle.comparison import Comparison
from tests.oracle.expected import EXPECTED
from tests.properties.thoroughness import times

WORLDS = "chaotic"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Return the comparison of worlds of many seeds that share one home."""
    home = tmp_path_factory.mktemp(WORLDS)
    sources = write_chaos(home / "worlds", range(times(10, many=60)))
    return compare_built(home, sources, AS_OF)


@pytest.mark.parametrize("table", EXPECTED)
def test_every_cell_agrees(compared: Comparison, table: str) -> None:
    assert_table_agrees(compared, table)
