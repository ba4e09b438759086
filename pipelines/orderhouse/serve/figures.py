"""Figures of KPIs: the cell of a KPI, a day and a dimension, found by what a person typed."""

from __future__ import annotations

import difflib
from datetime import date

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.serve.grains import Cell, find_cell

__all__ = ["find_figure"]

TABLE = "marts.fct_kpi_daily"


def find_figure(connection: duckdb.DuckDBPyConnection, kpi: str, day: str, dimension: str, value: str) -> Cell:
    """Return the numerator of a KPI on a day, as a cell of the version that is attached as `published`.

    Args:
        connection: The connection.
        kpi: The KPI, as the catalogue names it.
        day: The business day, as YYYY-MM-DD.
        dimension: The dimension.
        value: Its value.

    Raises:
        OrderhouseError: There is no such KPI, day, dimension or value; the message names those nearest to it.
    """
    known = _listed(connection, "select distinct kpi from published.marts.kpi_catalogue order by 1")
    if kpi not in known:
        raise OrderhouseError(f"There is no KPI {kpi!r}.{_near(kpi, known)}")
    try:
        date.fromisoformat(day)
    except ValueError:
        raise OrderhouseError(f"`--on` takes a business day such as 2026-01-31, not {day!r}.") from None
    rows = f"from published.{TABLE} where kpi = ?"
    dimensions = _listed(connection, f"select distinct dimension {rows} order by 1", kpi)  # noqa: S608 - our own name
    if not dimensions:
        raise OrderhouseError(f"{kpi} has no figures on any day.")
    if dimension not in dimensions:
        raise OrderhouseError(f"{kpi} has no dimension {dimension!r}.{_near(dimension, dimensions)}")
    rows += " and dimension = ?"
    values = _listed(connection, f"select distinct dimension_value {rows} order by 1", kpi, dimension)
    if value not in values:
        raise OrderhouseError(f"{kpi} has no {dimension} {value!r}.{_near(value, values)}")
    key = [f"kpi={kpi}", f"business_date={day}", f"dimension={dimension}", f"dimension_value={value}"]
    rows += " and dimension_value = ?"
    days = _listed(connection, f"select distinct business_date::varchar {rows} order by 1", kpi, dimension, value)
    if day not in days:
        nearest = min(days, key=lambda each: (abs(date.fromisoformat(each) - date.fromisoformat(day)), each))
        raise OrderhouseError(
            f"{kpi} has no figure on {day} for {dimension} = {value}. It has figures from {days[0]} to {days[-1]}; "
            f"the nearest day is {nearest}."
        )
    return find_cell(connection, TABLE, key, "numerator")


def _listed(connection: duckdb.DuckDBPyConnection, query: str, *values: str) -> list[str]:
    return [str(each) for (each,) in connection.execute(query, list(values)).fetchall()]


def _near(asked: str, known: list[str]) -> str:
    """Return a sentence with the names most similar to one, or with all of them if none is."""
    near = difflib.get_close_matches(asked, known, n=3)
    return f" Did you mean {' or '.join(near)}?" if near else f" There are: {', '.join(known)}."
