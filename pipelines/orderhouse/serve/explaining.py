"""Explanations: why a published cell or a KPI holds its value, down to the rows of the feeds.

A cell of an order or a SKU is derived again from the rows that belong to it, and compared; where these are not enough,
from all rows that share its stock, parcels or customer, else from every row. A figure that sums orders, customers, SKUs
or carts is taken apart into what each of them contributes. Rows are named by file and line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orderhouse.errors import OrderhouseError
from orderhouse.serve.contributions import contributions
from orderhouse.serve.grains import Cell, find_cell
from orderhouse.serve.selection import FeedRow, choose, conditions, rows_of, widen
from orderhouse.serve.worlds import World

__all__ = ["Explanation", "Part", "explain_cell", "explain_kpi"]

ALONE, SHARING, EVERYTHING = "its own rows", "the rows that share its stock, parcels or customer", "all rows received"
# More rows than this are listed without the effect of each, which costs one derivation a row.
MOST_EFFECTS = 40
UNKNOWN = object()

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """One contribution, or one row that decides a cell.

    Attributes:
        row: The row; None for a subject that has several.
        subject: What contributes, such as `order_id A-1`.
        figures: The contributions, in the order of the explanation's figures; for a row of a cell, the value that the
            cell would have without it.
    """

    subject: str
    figures: tuple[Any, ...]
    row: FeedRow | None = None
    rows: list[FeedRow] = field(default_factory=list)


@dataclass(frozen=True)
class Explanation:
    """Why a cell holds its value.

    Attributes:
        cell: The cell.
        value: Its published value.
        derived: The value that the models give over the rows named by `scope`.
        scope: The rows from which it was derived again.
        figures: Names of the figures of the parts.
        parts: Contributions, which add up to the figures, or the rows that decide the cell.
        is_sum: True if the parts are contributions.
        totals: The published figures that contributions add up to.
    """

    cell: Cell
    value: Any
    derived: Any
    scope: str
    figures: tuple[str, ...]
    parts: list[Part]
    is_sum: bool
    totals: tuple[Any, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Return True if the derived value is the published one."""
        return bool(self.derived is not UNKNOWN and self.derived == self.value)


def explain_cell(
    world: World, table: str, key: Sequence[str], column: str, *, effects: bool = True, progress: Progress | None = None
) -> Explanation:
    """Explain one cell of a published table.

    Args:
        world: A world of the published version.
        table: The table, with or without its schema.
        key: Values of the key's columns in their order, or `column=value` for any columns.
        column: The column.
        effects: True to derive the cell once more without each of its rows.
        progress: Called with a few words before each longer step.

    Raises:
        OrderhouseError: There is no such table, row or column.
    """
    tell = progress or (lambda words: None)
    cell = find_cell(world.connection, table, key, column)
    orders, skus = cell.orders(world.connection), cell.skus()
    if orders or skus:
        for scope in (ALONE, SHARING):
            tell(f"Deriving {cell} from {scope}")
            choose(world.connection, orders, skus)
            if scope == SHARING or skus:
                widen(world.connection)
            world.load(conditions())
            derived = derive(world, cell)
            if derived is not UNKNOWN and derived == cell.value:
                choose(world.connection, orders, skus)
                rows = _rows(world, cell, orders, effects=effects and scope == ALONE, tell=tell)
                return Explanation(cell, cell.value, derived, scope, ("without it",), rows, is_sum=False)
    tell(f"Deriving {cell} from {EVERYTHING}")
    world.load()
    derived = derive(world, cell)
    parts = _parts(world, cell, (column,), tell) if _is_number(cell.value) else None
    if parts is not None:
        return Explanation(cell, cell.value, derived, EVERYTHING, (column,), parts, is_sum=True, totals=(cell.value,))
    return Explanation(cell, cell.value, derived, EVERYTHING, (), [], is_sum=False)


def explain_kpi(
    world: World, kpi: str, day: str, dimension: str = "all", value: str = "all", progress: Progress | None = None
) -> Explanation:
    """Explain numerator and denominator of a KPI on one day.

    Args:
        world: A world of the published version.
        kpi: The KPI, as the catalogue names it.
        day: The business day.
        dimension: The dimension.
        value: Its value.
        progress: Called with a few words before each longer step.

    Raises:
        OrderhouseError: There is no such KPI, or it has no figure on that day.
    """
    tell = progress or (lambda words: None)
    known = [name for (name,) in world.connection.execute("select kpi from published.marts.kpi_catalogue").fetchall()]
    if kpi not in known:
        raise OrderhouseError(f"There is no KPI {kpi!r}. The KPIs are: {', '.join(sorted(known))}.")
    key = [f"kpi={kpi}", f"business_date={day}", f"dimension={dimension}", f"dimension_value={value}"]
    try:
        cell = find_cell(world.connection, "marts.fct_kpi_daily", key, "numerator")
    except OrderhouseError:
        raise OrderhouseError(
            f"{kpi} has no figure on {day} for {dimension} = {value}. "
            "The table marts.fct_kpi_daily holds the days and dimensions that it has."
        ) from None
    tell("Deriving all tables")
    world.load()
    derived = derive(world, cell)
    totals = cell.figures(("numerator", "denominator"))
    figures = tuple(name for name, total in zip(("numerator", "denominator"), totals, strict=True) if total is not None)
    parts = _parts(world, cell, figures, tell)
    known_totals = tuple(total for total in totals if total is not None)
    if parts is None:
        return Explanation(cell, cell.value, derived, EVERYTHING, figures, [], is_sum=False, totals=known_totals)
    return Explanation(cell, cell.value, derived, EVERYTHING, figures, parts, is_sum=True, totals=known_totals)


def derive(world: World, cell: Cell) -> Any:
    """Compute the cell's table over the loaded rows, and return the cell; UNKNOWN without such a row."""
    world.compute(cell.model)
    rows = world.connection.execute(
        f"select {cell.quoted_column} from {world.place_of(cell.model)} where {cell.condition}",  # noqa: S608
        cell.values,
    ).fetchall()
    return rows[0][0] if len(rows) == 1 else UNKNOWN


def _rows(world: World, cell: Cell, orders: Sequence[str], *, effects: bool, tell: Progress) -> list[Part]:
    """Return the rows of the cell's order or SKU, each with the value that the cell would have without it."""
    choose(world.connection, orders, cell.skus())
    rows = rows_of(world.connection)
    if not effects or len(rows) > MOST_EFFECTS:
        return [Part(row.feed, (), row) for row in rows]
    parts = []
    for row in rows:
        tell(f"Leaving out {row.path}:{row.record}")
        world.load(conditions())
        world.leave_out(row.feed, row.place)
        without = derive(world, cell)
        shown = "no such row" if without is UNKNOWN else "the same" if without == cell.value else without
        parts.append(Part(row.feed, (shown,), row))
    return parts


def _parts(world: World, cell: Cell, columns: Sequence[str], tell: Progress) -> list[Part] | None:
    """Return what each subject contributes, with the rows of its feeds; None if the figures are no sums."""
    tell("Taking the sum apart")
    found = contributions(world, cell.model, cell.condition, cell.values, columns)
    if found is None:
        return None
    parts = []
    for each in found:
        orders = [each.value] if each.subject == "order_id" and each.value else []
        skus = [each.value] if each.subject == "sku" and each.value else []
        choose(world.connection, orders, skus)
        rows = rows_of(world.connection) if orders or skus else []
        parts.append(Part(f"{each.subject} {each.value or '(none)'}", each.figures, rows=rows))
    return parts


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
