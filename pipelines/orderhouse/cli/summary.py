"""Summary that a run prints at its end: KPIs, open exceptions, files, and next commands.

The queries belong to `orderhouse.serve.queries`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orderhouse.cli.session import console, counted, grid, shown
from orderhouse.serve.publishing import current_version
from orderhouse.storage.build_record import load_record

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

    from orderhouse.settings import Settings

__all__ = ["print_currency", "print_summary"]

DAYS = 28
IMMATURE = "* Figures of the last days that may still change. They are not compared with the days before."
# Reason for the reporting currency, by its origin.
UNDECLARED = {
    "orders": ", the currency of all orders. To fix it, state `merchant: reporting_currency:` in sources.yaml.",
    "default": ", because sources.yaml states no `merchant: reporting_currency:` and the orders do not share one.",
}
NEXT = """\
Next:
  orderhouse status                 published version, freshness, quarantine
  orderhouse order {order_id:<16} one order and its whole timeline
  orderhouse sql "select …"         query marts, ops and quality
  orderhouse export ops.orders      files with a manifest
  orderhouse up                     Dagster and the dashboards"""


def print_summary(settings: Settings) -> None:
    """Print KPIs of the last days, the worklist by code, and counts of files and rows of the current version."""
    from orderhouse.serve.queries import exceptions_by_code, file_counts, headline_kpis
    from orderhouse.serve.reading import open_reader

    version = current_version(settings)
    if version is None:
        return
    with open_reader(settings) as connection:
        console.print()
        kpis = headline_kpis(connection, DAYS)
        ((newest,),) = connection.execute("select max(placed_at) from ops.orders").fetchall()
        if any(row["recent"] is not None for row in kpis):
            console.print(_kpis(kpis))
        else:
            console.print(_no_kpis(kpis, newest), markup=False, soft_wrap=True)
        if any(row["immature_days"] and row["recent"] is not None for row in kpis):
            console.print(IMMATURE, soft_wrap=True)
        console.print()
        _print_exceptions(exceptions_by_code(connection))
        console.print()
        _print_files(file_counts(connection))
        print_currency(settings, connection, version.reporting_currency)
        example = connection.execute("select max(order_id) from ops.orders").fetchone()
    console.print()
    console.print(NEXT.format(order_id=(example and example[0]) or "ID"), markup=False, soft_wrap=True)


def print_currency(settings: Settings, connection: duckdb.DuckDBPyConnection, currency: str) -> None:
    """Print the reporting currency if nobody declared it, and every currency whose rates are missing."""
    import duckdb

    from orderhouse.serve.queries import rows_of
    from orderhouse.serve.rates import MISSING_RATES, missing_rate_sentences

    record = load_record(settings)
    reason = UNDECLARED.get(record.currency_origin) if record is not None else None
    if reason and record is not None and record.reporting_currency == currency:
        console.print(f"Reports are in {currency}{reason}", markup=False, soft_wrap=True)
    try:
        missing = missing_rate_sentences(rows_of(connection, MISSING_RATES), currency)
    except (duckdb.BinderException, duckdb.CatalogException):
        return  # another release built the version
    for sentence in missing:
        console.print(sentence, style="red", markup=False, soft_wrap=True)


def _kpis(rows: list[dict[str, Any]]) -> Any:
    lines = [
        (row["name"], _figure(row["recent"], row["unit"]), _figure(_earlier(row), row["unit"]),
         _figure(row["target"], row["unit"]), _over(row), _mark(row))
        for row in rows
        if row["recent"] is not None
    ]  # fmt: skip
    heading = f"KPIs of the {DAYS} days to {rows[0]['last_date']}" if rows else "KPIs"
    columns = (heading, "now", "before", "target", "over", "")
    return grid(None, columns, lines, numbers=("now", "before", "target", "over"))


def _no_kpis(rows: list[dict[str, Any]], newest: datetime | None) -> str:
    """Return a sentence in place of KPIs without a figure, which old orders have by the present clock."""
    days = f"the {DAYS} days to {rows[0]['last_date']}" if rows else f"the last {DAYS} days"
    if newest is None:
        return f"KPIs have no figures for {days}: there are no orders."
    return (
        f"KPIs have no figures for {days}: the newest order is of {newest:%Y-%m-%d}. "
        "`orderhouse run --as-of data` sets the clock to the data."
    )


def _earlier(row: dict[str, Any]) -> float | None:
    """Return the value to compare with. Days that may still change are not compared with days that may not."""
    return None if row["immature_days"] else row["earlier"]


def _over(row: dict[str, Any]) -> str:
    """Return the number that a ratio is counted over, for example orders."""
    return f"{row['denominator']:,.0f}" if row["aggregation"] == "ratio" and row["denominator"] is not None else ""


def _figure(value: Decimal | float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit == "share":
        return f"{value:.1%}"
    if unit == "count":
        return f"{value:,.0f}"
    return f"{value:,.2f} {unit}"


def _mark(row: dict[str, Any]) -> str:
    """Return ``met`` or ``missed`` if there is a target, with a star if the figure may still change."""
    star = "*" if row["immature_days"] else ""
    if row["target"] is None or row["direction"] not in ("up", "down"):
        return star
    target = float(row["target"])
    met = row["recent"] >= target if row["direction"] == "up" else row["recent"] <= target
    return ("met" if met else "missed") + star


def _print_exceptions(rows: list[dict[str, Any]]) -> None:
    if not rows:
        console.print("No exceptions in the worklist.")
        return
    # One line per code: the dashboards show the advice in full.
    lines = ([row["code"], row["severity"], row["open_exceptions"], row["what_to_do"]] for row in rows)
    total = counted(sum(row["open_exceptions"] for row in rows), "exception") + " in the worklist"
    console.print(grid(total, ("code", "severity", "open", "what to do"), lines, numbers=("open",), cut="what to do"))


def _print_files(counts: dict[str, Any]) -> None:
    console.print(
        f"{counted(counts['files'], 'file')} received, {counts['rejected_files']:,} rejected; "
        f"{counted(counts['rows_in'], 'row')}: {shown(counts['accepted'])} accepted, "
        f"{shown(counts['duplicate'])} duplicate, {shown(counts['quarantined'])} in quarantine.",
        soft_wrap=True,
    )
    if counts["quarantined"] or counts["rejected_files"]:
        console.print("  orderhouse quarantine list shows each with file, line and reason.")
