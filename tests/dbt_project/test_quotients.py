"""Tests of the quotient that every amount is rounded by, against fractions of Python."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product

import duckdb
import pytest
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform.dbt import invoke

from tests.integration.running import share_parsed_project

QUERY = "select total, k, quantity, {{ round_half_even_quotient('total', 'k', 'quantity', '2') }} as rounded from given"
# The last ones are beyond the limits of integers of 64 bits.
TOTALS = ("10.00", "-10.00", "0.05", "59.48", "-0.03", "123456789.01")
NUMBERS = (1, 2, 3, 4, 7, 231_200, 684_200, 5_000_000_000)
# An amount has 14 digits before the point.
LARGEST = 10**13


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the compiled query."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    share_parsed_project(settings.home)
    settings.warehouse.mkdir(mode=0o700, exist_ok=True)
    open_raw(settings).close()
    outcome = invoke(settings, ["compile", "--inline", QUERY], variables={})
    return str(outcome.result.results[0].node.compiled_code)


def exact(total: str | Decimal, k: int, quantity: int) -> Fraction:
    """Return the quotient."""
    return Fraction(total) * k / quantity


def half_even(exact: Fraction) -> Decimal:
    """Return a fraction rounded half-even to two places."""
    return Decimal(round(exact * 100)) / 100


def test_quotients_of_any_signs_are_rounded_half_even(query: str) -> None:
    signed = [sign * number for number in NUMBERS for sign in (1, -1)]
    given = [each for each in product(TOTALS, signed, signed) if abs(exact(*each)) < LARGEST]
    with duckdb.connect() as connection:
        connection.execute("create table given (total decimal(18, 4), k bigint, quantity bigint)")
        connection.executemany("insert into given values (?, ?, ?)", given)
        found = connection.execute(query).fetchall()
    wrong = [row for row in found if row[3] != half_even(exact(*row[:3]))]
    assert len(found) == len(given) > 1_000 and wrong == []
