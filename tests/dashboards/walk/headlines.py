"""The figures of every page, computed a second time with queries of their own, to the last digit that is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from streamlit.testing.v1 import AppTest

from tests.dashboards.walk.queries import FIGURES, OF_ONE, ROWS_OF_ONE

__all__ = ["Ask", "disagreeing"]

Ask: TypeAlias = Callable[..., Any]
SHOWN = re.compile(
    r"(?:(?P<currency>[A-Z]{3}) )?(?P<number>-?\d{1,3}(?:,\d{3})*(?:\.(?P<decimals>\d+))?)(?: (?P<unit>\S+))?"
)
FACTORS = {None: 1, "k": 10**3, "M": 10**6, "B": 10**9, "%": Decimal("0.01")}
UNITS = {"hours": {"h": 1, "days": 24}, "days": {"days": 1}, "units": {"units": 1}, "turns": {"turns": 1}}
NOT_TRACKED = "Not tracked"
# Days of the period, if the address names none.
OF_KPIS = ("today", "fulfilment", "customers", "feedback", "kpis")
DAYS = {"today": 1, "customers": 90, "feedback": 90}


def disagreeing(app: AppTest, page: str, query: Mapping[str, str], ask: Ask) -> list[str]:
    """List the figures of a page that are not what their query says, and those without a query."""
    return list(_disagreeing(app, page, query, ask))


def _disagreeing(app: AppTest, page: str, query: Mapping[str, str], ask: Ask) -> Iterator[str]:
    days = int(query.get("days", DAYS.get(page, 28)))
    period = ask(f"select business_date - {days} from marts.as_of"), ask("select business_date - 1 from marts.as_of")
    for metric in app.metric:
        # Words, and numbers of the operations store, which have tests of their own.
        if page in ("settings", "messages"):
            continue
        kpi = page in OF_KPIS and ask("select kpi from marts.kpi_catalogue where name = ?", metric.label)
        record = next((name for name in OF_ONE if name in query), None)
        if record and not kpi:
            value, unit = _of_one(record, query[record], metric.label, ask)
        elif kpi:
            value, unit = (
                _kpi(kpi, _days_of(kpi, page, days, period, ask), ask),
                ask("select unit from marts.kpi_catalogue where kpi = ?", kpi),
            )
        else:
            views = ("returns_view", "payments_view", "routing_view", "forecasts_view")
            view = next((query[name] for name in views if name in query), "list")
            known = FIGURES.get((page, "list" if view == "Returns" else view), {})
            if metric.label == "Due" and page == "orders":
                yield from _due(metric, query, ask)
                continue
            if metric.label not in known:
                yield f"the figure {metric.label} has no query here"
                continue
            wanted = known[metric.label]
            value, unit = ask(_filled(wanted.sql, app, query, period)), wanted.unit
        if not agrees(metric.value, value, unit, ask("select reporting_currency from marts.as_of")):
            yield f"{metric.label} shows {metric.value!r}, and its query says {value}"


def agrees(shown: str, value: Any, unit: str, currency: str) -> bool:
    """Tell if a number is shown as it is, to the last digit shown."""
    if value is None or unit == NOT_TRACKED:
        return shown == (NOT_TRACKED if unit == NOT_TRACKED else "–")
    found = SHOWN.fullmatch(shown)
    if found is None:
        return False
    is_money = unit in ("money", currency) or unit.startswith("money ")
    wanted_currency = unit.removeprefix("money ") if unit.startswith("money ") else currency if is_money else None
    factor = {**FACTORS, **UNITS.get(unit, {})}.get(found["unit"])
    if found["currency"] != wanted_currency or factor is None or (unit == "share") != (found["unit"] == "%"):
        return False
    last = Decimal(1).scaleb(-len(found["decimals"] or "")) * factor
    exact = Decimal(str(value))
    return abs(Decimal(found["number"].replace(",", "")) * factor - exact) <= last / 2 + abs(exact) * Decimal("1e-12")


def _filled(sql: str, app: AppTest, query: Mapping[str, str], period: tuple[Any, Any]) -> str:
    """Fill in what the address chooses."""
    conditions = {"late": "is_late", "q": f"customer_id = '{query.get('q')}'"}
    clock = query.get("clock", "placed")
    return sql.format(
        where=" and ".join([f"({conditions[key]})" for key in query if key in conditions] or ["true"]),
        period=f"business_date between '{period[0]}' and '{period[1]}' and recognition_clock = '{clock}'",
        table=app.selectbox(key="table").value if "{table}" in sql else "",
        version=next((each.value for each in app.metric if each.label == "Version"), 0),
        stocked="sku in (select sku from marts.fct_inventory_positions)",
    )


def _due(metric: Any, query: Mapping[str, str], ask: Ask) -> Iterator[str]:
    """Compare the amount due, which is in the currency of the orders, if they have one."""
    where = _filled("{where}", AppTest.from_string(""), query, (None, None))
    currencies = ask(f"select list(distinct currency) from ops.orders where {where}") or []
    due = ask(f"select sum(due_amount) from ops.orders where {where}")
    if len(currencies) > 1:
        if metric.value != f"{len(currencies)} currencies":
            yield f"Due shows {metric.value!r} for {len(currencies)} currencies"
    elif not agrees(metric.value, due, f"money {currencies[0]}" if currencies else "money", ""):
        yield f"Due shows {metric.value!r}, and its query says {due}"


def _of_one(record: str, name: str, label: str, ask: Ask) -> tuple[Any, str]:
    kind, column = OF_ONE[record].get(label, ("unknown", "null"))
    value = ask(f"select {column} from {ROWS_OF_ONE[record]}", name)
    if kind == "paid" and ask("select payment_status from ops.orders where order_id = ?", name) == "not_tracked":
        return None, NOT_TRACKED
    if kind in ("money", "paid"):
        return value, f"money {ask('select currency from ops.orders where order_id = ?', name)}"
    if kind == "cost":
        return value, f"money {ask('select max(cost_currency) from marts.fct_shipments where shipment_id = ?', name)}"
    return value, kind


def _days_of(kpi: str, page: str, days: int, period: tuple[Any, Any], ask: Ask) -> tuple[Any, Any]:
    """Return the days that a KPI is of. Retention on the page of customers is of the last days that are over."""
    if (page, kpi) != ("customers", "retention_90d"):
        return period
    last = "select business_date - 90 - {} from marts.as_of"
    return ask(last.format(days - 1)), ask(last.format(0))


def _kpi(kpi: str, period: tuple[Any, Any], ask: Ask) -> Any:
    """Return a KPI of a period, from its daily numerators and denominators, or from its buckets one by one."""
    aggregation = ask("select aggregation from marts.kpi_catalogue where kpi = ?", kpi)
    of_days = "from marts.fct_kpi_daily where kpi = ? and dimension = 'all' and business_date between ? and ?"
    if aggregation == "percentile":
        return ask(
            """
            select quantile_cont(hours, PERCENTILE) from (
                select unnest(list_value(bucket_hours).list_resize(durations_count, bucket_hours)) as hours
                from marts.fct_kpi_distribution
                where kpi = (select distribution from marts.kpi_catalogue where kpi = ?) and dimension = 'all'
                    and business_date between ? and ?
            )
            """.replace("PERCENTILE", str(ask("select percentile from marts.kpi_catalogue where kpi = ?", kpi))),
            kpi,
            *period,
        )
    missing = f"count(*) <> count(numerator) or (count(denominator) not in (0, count(*))) {of_days}"
    if aggregation != "last" and ask(f"select {missing}", kpi, *period):
        return None
    if aggregation == "last":
        return ask(f"select numerator / nullif(denominator, 0) {of_days} order by business_date desc", kpi, *period)
    if aggregation == "sum":
        return ask(f"select sum(numerator) {of_days}", kpi, *period)
    return ask(f"select sum(numerator) / nullif(sum(denominator), 0) {of_days}", kpi, *period)
