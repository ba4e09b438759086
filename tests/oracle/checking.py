"""Steps that the comparisons share: building a home, and the test of one table."""

from __future__ import annotations

from pathlib import Path

from tests.integration.running import run_orderhouse
from tests.oracle.comparison import Comparison, compare_home

__all__ = ["assert_table_agrees", "compare_built"]

SHOWN = 10
# A world without carts, price lists or feedback, or without anything wrong, has none of these.
MAY_BE_EMPTY = (
    "fct_carts", "fct_contract_margin", "fct_exceptions", "fct_feedback", "fct_campaign_members",
    "fct_campaign_results", "fct_suppressions", "fct_product_affinity", "fct_recommendations",
    "fct_delivery_risk_accuracy",
)  # fmt: skip


def compare_built(home: Path, sources: Path, as_of: str = "data") -> Comparison:
    """Ingest and build a home, and compare it. What the audit says of a world is not asked."""
    run_orderhouse("ingest", "--sources", str(sources), home=home)
    run_orderhouse("build", "--sources", str(sources), "--as-of", as_of, home=home)
    return compare_home(home)


def assert_table_agrees(compared: Comparison, table: str) -> None:
    """Fail if a cell of a table differs."""
    found = [each for each in compared.differences if each.table == table]
    shown = "\n".join(str(each) for each in found[:SHOWN])
    assert not found, f"{len(found)} cells differ, for example:\n{shown}"
    assert compared.cells[(table, "row")] or table in MAY_BE_EMPTY, f"nothing of {table} was compared"
