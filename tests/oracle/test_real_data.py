"""Every cell of the marts of the marketplace's and the wholesaler's data, computed a second time."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from tests.integration.running import real_data
from tests.oracle.checking import assert_table_agrees, compare_built
from tests.oracle.comparison import Comparison
from tests.oracle.expected import EXPECTED
from tests.properties.thoroughness import IS_THOROUGH

# Tables without rows: nobody reports the marketplace's stock and returns, nor the wholesaler's shipments and payments.
STOCK = ("fct_inventory_ledger", "fct_inventory_positions")
PARCELS = ("fct_shipments", "fct_carrier_daily", "fct_carrier_hours")
OF_MONEY_AND_DELIVERY = ("fct_payment_ledger", "fct_journal", "fct_revenue_pipeline", "fct_kpi_distribution")
PAYOUTS = "fct_payout_reconciliation"
# Both have one currency, so no difference of rates is realised.
REALISED = "fct_journal/realised"
LEFT_OUT = {
    "olist": (*STOCK, PAYOUTS, REALISED, "fct_returns"),
    "online_retail": (*STOCK, *PARCELS, PAYOUTS, REALISED, *OF_MONEY_AND_DELIVERY),
}
TABLES = [(worlds, table) for worlds, empty in LEFT_OUT.items() for table in EXPECTED if table not in empty]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Comparison]:
    """Return a function that builds a data set and compares it, once each."""

    @functools.cache
    def compare(worlds: str) -> Comparison:
        home = tmp_path_factory.mktemp(worlds)
        return compare_built(home, real_data(worlds, home))

    return compare


@pytest.mark.skipif(not IS_THOROUGH, reason="two and four minutes: run with --hypothesis-profile=thorough")
@pytest.mark.parametrize(("worlds", "table"), TABLES)
def test_every_cell_agrees(compared: Callable[[str], Comparison], worlds: str, table: str) -> None:
    assert_table_agrees(compared(worlds), table)
