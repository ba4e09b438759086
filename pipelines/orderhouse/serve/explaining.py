"""Explanations: why a published cell or a KPI holds its value, down to the rows of the feeds.

A cell of an order, customer, SKU, cart or payout is derived again from the rows that belong to it, and compared; where
these are not enough, from all rows that share its stock, parcels or customer, else from every row. A figure that sums
such subjects is taken apart into what each of them contributes. Rows are named by file and line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orderhouse.serve.contributions import contributions
from orderhouse.serve.figures import find_figure
from orderhouse.serve.grains import Cell, find_cell, subjects_of
from orderhouse.serve.selection import FeedRow, Owned, choose, conditions, rows_of, widen
from orderhouse.serve.worlds import World

__all__ = ["EVERYTHING", "Explanation", "Part", "explain_cell", "explain_kpi"]

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
        parts: Contributions, which add up to the figures, or the rows that decide the cell. If all rows decide it, the
            rows of its subject; if it has no subject of its own, those that contribute to the column in `figures`.
        is_sum: True if the parts are contributions to the cell itself.
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
    subjects = cell.subjects(world.connection)
    for scope in (ALONE, SHARING) if subjects else ():
        tell(f"Deriving {cell} from {scope}")
        choose(world.connection, subjects)
        if scope == SHARING or "sku" in subjects:
            widen(world.connection)
        world.load(conditions())
        derived = derive(world, cell)
        if derived is not UNKNOWN and derived == cell.value:
            rows = _rows(world, cell, subjects, effects=effects and scope == ALONE, tell=tell)
            return Explanation(cell, cell.value, derived, scope, ("without it",), rows, is_sum=False)
    tell(f"Deriving {cell} from {EVERYTHING}")
    world.load()
    derived = derive(world, cell)
    if subjects:
        rows = _rows(world, cell, subjects, effects=False, tell=tell)
        return Explanation(cell, cell.value, derived, EVERYTHING, (), rows, is_sum=False)
    is_figure = _is_number(cell.value) and column not in cell.key
    parts = _parts(world, cell, (column,), tell) if is_figure else None
    if parts:
        return Explanation(cell, cell.value, derived, EVERYTHING, (column,), parts, is_sum=True, totals=(cell.value,))
    by, members = _members(world, cell, tell)
    return Explanation(cell, cell.value, derived, EVERYTHING, by, members, is_sum=False)


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
        OrderhouseError: There is no such KPI or dimension, the day is no date, or the KPI has no figure on it.
    """
    tell = progress or (lambda words: None)
    cell = find_figure(world.connection, kpi, day, dimension, value)
    tell("Deriving all tables")
    world.load()
    derived = derive(world, cell)
    totals = cell.figures(("numerator", "denominator"))
    figures = tuple(name for name, total in zip(("numerator", "denominator"), totals, strict=True) if total is not None)
    known_totals = tuple(total for total in totals if total is not None)
    parts = _parts(world, cell, figures, tell)
    if parts is None:
        by, members = _members(world, cell, tell)
        return Explanation(cell, cell.value, derived, EVERYTHING, by, members, is_sum=False)
    return Explanation(cell, cell.value, derived, EVERYTHING, figures, parts, is_sum=True, totals=known_totals)


def derive(world: World, cell: Cell) -> Any:
    """Compute the cell's table over the loaded rows, and return the cell; UNKNOWN without such a row."""
    world.compute(cell.model)
    rows = world.connection.execute(
        f"select {cell.quoted_column} from {world.place_of(cell.model)} where {cell.condition}",  # noqa: S608
        cell.values,
    ).fetchall()
    return rows[0][0] if len(rows) == 1 else UNKNOWN


def _rows(world: World, cell: Cell, subjects: Owned, *, effects: bool, tell: Progress) -> list[Part]:
    """Return the rows of the cell's subject, each with the value that the cell would have without it."""
    choose(world.connection, subjects)
    rows = [row for owned in rows_of(world.connection).values() for row in owned]
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
    found = contributions(world, cell.model, cell.key, columns)
    if found is None:
        return None
    if not found:
        return []
    rows: dict[tuple[str, str], list[FeedRow]] = {}
    for subject in dict.fromkeys(each.subject for each in found):
        values = [value for each in found if each.subject == subject for value in each.values if value]
        choose(world.connection, subjects_of(world.connection, subject, values))
        rows |= {(subject, owner): owned for owner, owned in rows_of(world.connection).items()}
    return [
        Part(
            f"{each.subject} {each.values[0] or '(none)'}"
            if len(each.values) == 1
            else f"{len(each.values)} of {each.subject}",
            each.figures,
            rows=[row for value in each.values for row in rows.get((each.subject, value), [])],
        )
        for each in found
    ]


def _members(world: World, cell: Cell, tell: Progress) -> tuple[tuple[str, ...], list[Part]]:
    """Return the subjects of a row whose cell is no sum: those that contribute to its first column that is one."""
    for column, figure in cell.row.items():
        if column not in cell.key and column != cell.column and _is_number(figure) and figure:
            parts = _parts(world, cell, (column,), tell)
            if parts:
                return (column,), parts
    return (), []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
