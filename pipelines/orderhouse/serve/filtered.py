"""Models over chosen subjects: a second set of views over the tables of a whole world, filtered by one column.

The tables that name the subject nearest to the model are filtered. The models between them and the model are views over
the filtered ones, and all others are those of the world. What the views are asked belongs to `contributions`.
"""

# ruff: noqa: S608 - the statements hold quoted names, never values

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from orderhouse.serve.worlds import World
from orderhouse.storage.sql_names import quote

__all__ = ["NOBODY", "FilteredModels"]

CHOSEN = "part_warehouse.main.chosen"
# More views than this, one over the other, are planned for longer than a person waits.
MOST_BETWEEN = 8
# Stands for rows that name no subject, such as a credit note without an order.
NOBODY = ""


class FilteredModels:
    """The models from the filtered tables up to one model, as views over the tables of the world.

    Attributes:
        world: The world.
        subject: The column that names the subjects.
        filtered: The filtered tables; none if no table near the model names such subjects.
    """

    def __init__(self, world: World, name: str, subject: str, *, is_deep: bool) -> None:
        self.world = world
        self.subject = subject
        self.filtered: list[str] = []
        self._is_deep = is_deep
        self._between: dict[str, bool] = {}
        self._find(name, is_first=True)
        if sum(self._between.values()) - len(self.filtered) > MOST_BETWEEN:
            self.filtered.clear()
        if self.filtered:
            self._lay(name)

    def place_of(self, name: str) -> str:
        """Return the quoted place of a model over the chosen subjects."""
        model = self.world.models[name]
        return f"part_{model.database}.{quote(model.schema)}.{quote(name)}"

    def choose(self, subjects: Sequence[str]) -> None:
        """Choose the subjects."""
        self.world.connection.execute(f"delete from {CHOSEN}")
        self.world.connection.execute(
            f"insert into {CHOSEN} select unnest($subjects::varchar[])", {"subjects": list(subjects)}
        )

    def subjects(self, key: Mapping[str, Any]) -> list[str]:
        """Return the subjects of which a row in each filtered table has the values of the key that are columns of it.

        A day of the key is found in any of a table's days. Tables without a column of the key tell nothing, unless the
        key is empty. Neighbours in time stand together.
        """
        found: dict[str, None] = {}
        for name in self.filtered:
            condition, values = self._matching(name, key)
            if key and not values:
                continue
            order = "min(placed_at)" if "placed_at" in self.world.columns_of(name) else "1"
            rows = self.world.connection.execute(
                f"select {self._named()} as subject, {order} as at from {self.world.place_of(name)} "
                f"where {condition} group by 1 order by 2, 1",
                values,
            ).fetchall()
            found |= dict.fromkeys(str(row[0]) for row in rows)
        return list(found)

    def nameless(self, key: Mapping[str, Any], others: Sequence[str]) -> tuple[str, list[str]] | None:
        """Return what the rows without a subject name in place of it: the first of other columns that all of them fill.

        Args:
            key: The key, as for `subjects`.
            others: Columns that name other subjects, such as the credit note of a row without an order.
        """
        for column in others:
            ids: set[str] = set()
            for name in self.filtered:
                condition, values = self._matching(name, key)
                if not values:
                    continue
                shown = f"{quote(column)}::varchar" if column in self.world.columns_of(name) else "null"
                rows = self.world.connection.execute(
                    f"select distinct {shown} from {self.world.place_of(name)} "
                    f"where {quote(self.subject)} is null and {condition}",
                    values,
                ).fetchall()
                ids |= {NOBODY if value is None else value for (value,) in rows}
            if ids and NOBODY not in ids:
                return column, sorted(ids)
        return None

    def _matching(self, name: str, key: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Return the condition on the rows of a table under which they have the values of the key, with its values."""
        columns = self.world.columns_of(name)
        days = [column for column, kind in columns.items() if kind == "DATE"]
        conditions, values = ["true"], []
        for column, value in key.items():
            if isinstance(value, date) and days:
                conditions.append("(" + " or ".join(f"{quote(day)} = ?" for day in days) + ")")
                values += [value] * len(days)
            elif column in columns and not isinstance(value, date):
                conditions.append(f"{quote(column)} = ?")
                values.append(value)
        return " and ".join(conditions), values

    def _find(self, name: str, *, is_first: bool = False) -> bool:
        """Note filtered tables and the models between; return True if the model rests on a filtered one."""
        if name not in self.world.models:
            return False
        if name not in self._between:
            model = self.world.models[name]
            if not is_first and self.subject in self.world.columns_of(name) and not model.is_view:
                self.filtered.append(name)
                self._between[name] = True
            elif not is_first and not self._is_deep and not (model.is_view or name.startswith("int_kpi_")):
                self._between[name] = False
            else:
                self._between[name] = any([self._find(read) for read in model.reads])
        return self._between[name]

    def _lay(self, name: str) -> None:
        """Create the views: filtered tables, the models between them and the target, and all others as they are."""
        connection = self.world.connection
        for catalog in ("part_work", "part_warehouse"):
            connection.execute(f"detach database if exists {catalog}")
            connection.execute(f"attach ':memory:' as {catalog}")
        connection.execute(f"create table {CHOSEN} (subject varchar)")
        needed = {name} | {read for each, is_above in self._between.items() if is_above for read in self._reads(each)}
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse'"
        ).fetchall():
            if table in needed and table not in self.world.models:
                self._view("part_warehouse", schema, table, f"from warehouse.{quote(schema)}.{quote(table)}")
        connection.execute("use part_warehouse")
        for each in self.world.ancestors(name):
            if each not in needed:
                continue
            model = self.world.models[each]
            if each in self.filtered:
                text = (
                    f"select * from {self.world.place_of(each)} where {self._named()} in (select subject from {CHOSEN})"
                )
            elif self._between.get(each):
                text = model.text(self.world.values)
                for catalog in ("work", "warehouse"):
                    text = text.replace(f'"{catalog}"."', f'"part_{catalog}"."')
            else:
                text = f"select * from {self.world.place_of(each)}"
            self._view(f"part_{model.database}", model.schema, each, text)
        connection.execute("use warehouse")

    def _reads(self, name: str) -> list[str]:
        return [name] if name in self.filtered else [name, *self.world.models[name].reads]

    def _view(self, catalog: str, schema: str, name: str, text: str) -> None:
        connection = self.world.connection
        connection.execute(f"create schema if not exists {catalog}.{quote(schema)}")
        connection.execute(f"create or replace view {catalog}.{quote(schema)}.{quote(name)} as {text}")

    def _named(self) -> str:
        return f"coalesce({quote(self.subject)}::varchar, '{NOBODY}')"
