"""Contributions: the parts of a number that come from single orders, customers, SKUs or carts.

The models are asked, so that no number is defined a second time. Over the tables of a whole world lies a second set of
the same models, whose inputs hold only chosen subjects. The number of a set of subjects is that of the models over
them. Sets are halved until single subjects are left; halves that do not add up to the whole tell that the number is no
sum over such subjects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderhouse.serve.worlds import World
from orderhouse.storage.sql_names import quote

__all__ = ["Contribution", "contributions"]

# Columns that name what a number may be a sum of, in the order in which they are tried.
SUBJECTS = ("order_id", "customer_key", "sku", "cart_id", "feedback_id")
CHOSEN = "part_warehouse.main.chosen"
# Stands for rows that name no subject, such as a credit note without an order.
NOBODY = ""

Figures = tuple[Any, ...]


@dataclass(frozen=True)
class Contribution:
    """Contribution of one subject.

    Attributes:
        subject: The column that names it, such as `order_id`.
        value: Its id; empty for rows that name none.
        figures: Its part of each figure, in the order in which they were asked.
    """

    subject: str
    value: str
    figures: Figures


class _NoSum(Exception):
    """The figures of two halves do not add up to those of the whole."""


def contributions(
    world: World, name: str, condition: str, values: Sequence[Any], columns: Sequence[str]
) -> list[Contribution] | None:
    """Return the parts of the figures in the one row that a condition selects; None if they are no sums.

    Args:
        world: A world with all rows, in which the model is computed.
        name: The model.
        condition: The condition on its rows, with parameters.
        values: Their values.
        columns: Columns with the figures.
    """
    for subject in SUBJECTS:
        for is_deep in (False, True):
            parts = _Parts(world, name, subject, is_deep=is_deep)
            if not parts.filtered:
                continue
            try:
                found = parts.split(condition, values, columns)
            except _NoSum:
                continue
            return [Contribution(subject, value, figures) for value, figures in found]
    return None


class _Parts:
    """The models from the filtered tables up to one model, as views over the tables of the world."""

    def __init__(self, world: World, name: str, subject: str, *, is_deep: bool) -> None:
        self.world = world
        self.name = name
        self.subject = subject
        self.is_deep = is_deep
        self.filtered: list[str] = []
        self._lay()

    def split(self, condition: str, values: Sequence[Any], columns: Sequence[str]) -> list[tuple[str, Figures]]:
        """Halve the subjects until single ones are left, and return those with figures."""
        figures = ", ".join(quote(column) for column in columns)
        place = f"part_{self.world.models[self.name].database}.{quote(self.world.models[self.name].schema)}"
        query = f"select {figures} from {place}.{quote(self.name)} where {condition}"  # noqa: S608 - quoted names

        def ask(subjects: Sequence[str]) -> Figures | None:
            self._choose(subjects)
            rows = self.world.connection.execute(query, list(values)).fetchall()
            return tuple(rows[0]) if rows and any(_counts(figure) for figure in rows[0]) else None

        if ask([]) is not None:
            raise _NoSum
        everyone = self._everyone()
        whole = ask(everyone)
        published = self.world.connection.execute(
            f"select {figures} from {self.world.place_of(self.name)} where {condition}",  # noqa: S608
            list(values),
        ).fetchall()
        if whole is None or tuple(published[0]) != whole:
            raise _NoSum
        found: list[tuple[str, Figures]] = []

        def halve(subjects: Sequence[str], total: Figures) -> None:
            if len(subjects) == 1:
                found.append((subjects[0], total))
                return
            middle = len(subjects) // 2
            halves = [(half, ask(half)) for half in (subjects[:middle], subjects[middle:])]
            if _sum([part for _, part in halves if part is not None], len(total)) != [_number(each) for each in total]:
                raise _NoSum
            for half, part in halves:
                if part is not None:
                    halve(half, part)

        halve(everyone, whole)
        return found

    def _choose(self, subjects: Sequence[str]) -> None:
        self.world.connection.execute(f"delete from {CHOSEN}")  # noqa: S608 - our own name
        self.world.connection.execute(
            f"insert into {CHOSEN} select unnest($subjects::varchar[])", {"subjects": list(subjects)}
        )

    def _everyone(self) -> list[str]:
        """Return all subjects; neighbours in time stand together where a table tells the time."""
        subjects: dict[str, None] = {}
        for name in self.filtered:
            order = "min(placed_at)" if "placed_at" in self._columns(name) else "1"
            rows = self.world.connection.execute(
                f"select {self._subject()} as subject, {order} as at from {self.world.place_of(name)} "  # noqa: S608
                "group by 1 order by 2, 1"
            ).fetchall()
            subjects |= dict.fromkeys(str(row[0]) for row in rows)
        return list(subjects)

    def _lay(self) -> None:
        """Create the views: filtered tables, the models between them and the target, and all others as they are."""
        connection = self.world.connection
        for catalog in ("part_work", "part_warehouse"):
            connection.execute(f"detach database if exists {catalog}")
            connection.execute(f"attach ':memory:' as {catalog}")
        connection.execute(f"create table {CHOSEN} (subject varchar)")
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse'"
        ).fetchall():
            self._view("part_warehouse", schema, table, f"from warehouse.{quote(schema)}.{quote(table)}")
        connection.execute("use part_warehouse")
        between = self._between()
        for name in self.world.ancestors(self.name):
            model = self.world.models[name]
            if name in between:
                text = model.text(self.world.values)
                for catalog in ("work", "warehouse"):
                    text = text.replace(f'"{catalog}"."', f'"part_{catalog}"."')
            elif name in self.filtered:
                text = (
                    f"select * from {self.world.place_of(name)} "  # noqa: S608 - quoted names
                    f"where {self._subject()} in (select subject from {CHOSEN})"
                )
            else:
                text = f"select * from {self.world.place_of(name)}"  # noqa: S608 - quoted names
            self._view(f"part_{model.database}", model.schema, name, text)
        connection.execute("use warehouse")

    def _view(self, catalog: str, schema: str, name: str, text: str) -> None:
        connection = self.world.connection
        connection.execute(f"create schema if not exists {catalog}.{quote(schema)}")
        connection.execute(f"create or replace view {catalog}.{quote(schema)}.{quote(name)} as {text}")

    def _between(self) -> set[str]:
        """Return the models to be computed over the chosen subjects, and note the tables that are filtered."""
        between: set[str] = set()

        def reaches(name: str, depth: int) -> bool:
            if name not in self.world.models:
                return False
            if depth and self.subject in self._columns(name) and not self.world.models[name].is_view:
                if name not in self.filtered:
                    self.filtered.append(name)
                return True
            if depth and not self.is_deep and not self._is_thin(name):
                return False
            found = [reaches(read, depth + 1) for read in self.world.models[name].reads]
            if any(found):
                between.add(name)
            return any(found)

        reaches(self.name, 0)
        return between

    def _is_thin(self, name: str) -> bool:
        """Return True for views and for tables of figures by day, which are no rows of any subject."""
        return self.world.models[name].is_view or name.startswith("int_kpi_")

    def _columns(self, name: str) -> set[str]:
        model = self.world.models[name]
        rows = self.world.connection.execute(
            "select column_name from duckdb_columns() where database_name = ? and schema_name = ? and table_name = ?",
            [model.database, model.schema, name],
        ).fetchall()
        return {column for (column,) in rows}

    def _subject(self) -> str:
        return f"coalesce({quote(self.subject)}::varchar, '{NOBODY}')"


def _counts(figure: Any) -> bool:
    return figure is not None and figure != 0


def _number(figure: Any) -> Any:
    return Decimal(0) if figure is None else figure


def _sum(parts: Sequence[Figures], width: int) -> list[Any]:
    return [sum((_number(part[at]) for part in parts), Decimal(0)) for at in range(width)]
