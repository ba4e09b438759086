"""Filters of the exports page, as parameterised SQL for queries and as text for the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st
from shared.access import Version, quoted
from shared.formats import label

__all__ = ["Condition", "ask"]

NUMBERS = ("BIGINT", "INTEGER", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL", "SMALLINT", "TINYINT")
WORDS_OFFERED = 200


@dataclass(frozen=True)
class Condition:
    """Condition of a filter: SQL with placeholders, and its values."""

    sql: str
    values: tuple[object, ...]

    def written(self) -> str:
        """Return the SQL with the values in place of the placeholders, for ``--where``."""
        parts = self.sql.split("?")
        return parts[0] + "".join(_literal(value) + rest for value, rest in zip(self.values, parts[1:], strict=True))


def ask(version: Version, table: str, columns: dict[str, str]) -> list[Condition]:
    """Show the choice of columns and a filter for each chosen column, and return the conditions."""
    chosen = st.multiselect(
        "Filter on", list(columns), format_func=label, placeholder="No filter: all rows", key=f"filter_{table}"
    )
    found: list[Condition] = []
    if chosen:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for name in chosen:
                found += _draw(version, table, name, columns[name])
    return found


def _draw(version: Version, table: str, name: str, kind: str) -> list[Condition]:
    """Show the widget that fits the type of a column, and return its conditions."""
    key, heading, column = f"{table}.{name}", label(name), quoted(name)
    if kind == "BOOLEAN":
        answer = st.segmented_control(
            heading, [True, False], format_func=lambda value: "Yes" if value else "No", key=key
        )
        return [] if answer is None else [Condition(f"{column} = ?", (answer,))]
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        days = st.date_input(heading, value=[], key=key, format="YYYY-MM-DD", width=230)
        return _between(f"{column}::date" if kind != "DATE" else column, days if isinstance(days, tuple) else ())
    if kind.startswith(NUMBERS):
        low = st.number_input(f"{heading} from", value=None, key=f"{key}.from", width=190)
        high = st.number_input(f"{heading} to", value=None, key=f"{key}.to", width=190)
        return [
            Condition(f"{column} {sign} ?", (bound,))
            for sign, bound in ((">=", low), ("<=", high))
            if bound is not None
        ]
    picked = st.multiselect(
        heading, _words(version, table, name), accept_new_options=True, key=key, width=280, placeholder="Pick or type"
    )
    return [Condition(f"{column} in ({', '.join('?' * len(picked))})", tuple(picked))] if picked else []


def _between(column: str, days: Sequence[date]) -> list[Condition]:
    return [Condition(f"{column} between ? and ?", (days[0], days[1]))] if len(days) == 2 else []


def _words(version: Version, table: str, name: str) -> list[str]:
    """Return the most frequent values of a text column. Readers can type other values."""
    sql = f"""
        select {quoted(name)} as word from {quoted(table)} where {quoted(name)} is not null
        group by all order by count(*) desc, word limit ?
    """  # noqa: S608 - quoted
    return version.rows(sql, (WORDS_OFFERED,))["word"].cast(str).to_list()


def _literal(value: object) -> str:
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return "'" + str(value).replace("'", "''") + "'"
