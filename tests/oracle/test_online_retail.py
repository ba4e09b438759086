"""Every cell of the marts of the wholesaler's data, computed a second time."""

from __future__ import annotations

import pytest

from tests.integration.running import real_data
from tests.oracle.checking import assert_table_agrees, compare_built, known_columns
from tests.oracle.comparison import Comparison
from tests.oracle.expected import EXPECTED
from tests.properties.thoroughness import IS_THOROUGH

WORLDS = "online_retail"
# It reports neither shipments nor payments: there are no rows of stock and none of payments.
LEFT_OUT = ("fct_inventory_ledger", "fct_inventory_positions", "fct_payment_ledger")
TABLES = [table for table in EXPECTED if table not in LEFT_OUT]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Return the comparison of all orders of the wholesaler."""
    if not IS_THOROUGH:
        pytest.skip("four minutes: run with --hypothesis-profile=thorough")
    home = tmp_path_factory.mktemp(WORLDS)
    return compare_built(home, real_data("online_retail", home))


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_agrees(compared: Comparison, table: str) -> None:
    assert_table_agrees(compared, WORLDS, table)


@pytest.mark.parametrize(("table", "column"), known_columns(WORLDS))
def test_known_disagreement(compared: Comparison, table: str, column: str) -> None:
    assert not compared.of(table, column)
