"""Contracts on the revenue page: sums of whole months in the contract's currency, and what it says without any."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.dashboards.conftest import Open, said, table_with
from tests.dashboards.published_home import publish


def test_contracts_are_summed_over_the_months_of_the_period(published: Path, open_page: Open) -> None:
    app = open_page(published, "revenue", days="90")
    rows = table_with(app, "contract_margin_amount").rows
    assert [(row["price_list_id"], row["lines_count"], row["off_contract_lines_count"]) for row in rows] == [
        ("CONTRACT-17", "24", "2"),
        ("wholesale", "12", "1"),
    ]
    names = ("net_sales_before_returns_amount", "contract_sales_amount", "difference_amount", "gross_margin_amount")
    assert [rows[0][name] for name in names] == ["2,040.50", "2,000.00", "40.50", "840.25"]
    assert (rows[0]["currency"], rows[1]["currency"], rows[1]["difference_amount"]) == ("EUR", "GBP", "-10.10")
    assert rows[1]["gross_margin_amount"] in (None, "–")
    assert "Lines without a known cost: 1." in said(app)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("delete from marts.fct_contract_margin", "declare it for a"),
        ("update marts.fct_contract_margin set month_date = date '2019-01-01'", "Choose a longer period"),
    ],
)
def test_without_contracts_the_section_says_what_is_missing(
    sql: str, words: str, tmp_path: Path, open_page: Open
) -> None:
    with duckdb.connect(str(publish(tmp_path, orders=50))) as connection:
        connection.execute(sql)
    assert words in said(open_page(tmp_path, "revenue"))
