"""Every cell of the marts of the marketplace data, computed a second time."""

from __future__ import annotations

import pytest

from tests.integration.running import real_data
from tests.oracle.checking import assert_table_agrees, compare_built, known_columns
from tests.oracle.comparison import Comparison
from tests.oracle.expected import EXPECTED
from tests.properties.thoroughness import IS_THOROUGH

WORLDS = "olist"
# Its stock is covered by nobody, so that there are no rows of stock.
TABLES = [table for table in EXPECTED if not table.startswith("fct_inventory")]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Return the comparison of all orders of the marketplace."""
    if not IS_THOROUGH:
        pytest.skip("two minutes: run with --hypothesis-profile=thorough")
    home = tmp_path_factory.mktemp(WORLDS)
    return compare_built(home, real_data("olist", home))


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_agrees(compared: Comparison, table: str) -> None:
    assert_table_agrees(compared, WORLDS, table)


@pytest.mark.parametrize(("table", "column"), known_columns(WORLDS))
def test_known_disagreement(compared: Comparison, table: str, column: str) -> None:
    assert not compared.of(table, column)
