"""Queries of rules: a condition becomes one query with parameters over the published tables.

Every comparison is made in the type of its column. An empty field meets no comparison but `is_null` and `ne`, and `not`
turns exactly what its part does not meet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.rules.rule import Comparison, Group, Part, Rule
from orderhouse.rules.subjects import SUBJECTS, fields_of, relation
from orderhouse.storage.sql_names import quote

__all__ = ["Compiled", "compile_condition", "compile_rule"]

SIGNS = {"eq": "=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
RELATIVE = re.compile(r"(\d{1,5}) (minute|hour|day)s? (ago|ahead)")
# Words for the types of columns in messages.
TYPES = {"BOOLEAN": "true or false", "DATE": "a day such as 2026-03-31", "BIGINT": "a whole number"}


@dataclass(frozen=True)
class Compiled:
    """Query of a rule.

    Attributes:
        sql: Query with the columns subject_id, order_id, line_id, amount, state, business_date and the fields.
        parameters: Values of its marks.
        fields: Fields that the condition or a text of the rule names, in order.
    """

    sql: str
    parameters: list[Any]
    fields: list[str]


@dataclass
class _Query:
    """Condition that is being written."""

    types: Mapping[str, str]
    path: Path
    published: duckdb.DuckDBPyConnection
    parameters: list[Any] = field(default_factory=list)
    fields: dict[str, None] = field(default_factory=dict)


def compile_rule(rule: Rule, published: duckdb.DuckDBPyConnection, path: Path) -> Compiled:
    """Return the query of the rows that a rule matches.

    Args:
        rule: The rule.
        published: Open published version, whose tables say which fields there are.
        path: File of the rules, for messages.

    Raises:
        OrderhouseError: A field is unknown, or a value does not fit its type.
    """
    subject, types = SUBJECTS[rule.table], fields_of(rule.table, published)
    query = _Query(types, path, published)
    condition = _group(rule.when, query)
    for step in rule.steps:
        for name in (*re.findall(r"\{([^{}]*)\}", step.options.get("text", "")), *step.fields):
            _field(name, step.line, query)
    rows, leading = relation(rule.table, published)
    shown = list(dict.fromkeys((*subject.key, *query.fields)))
    columns = [
        f"{_joined(subject.key)} as _subject",
        f"{quote(subject.order) if subject.order else 'null::varchar'} as _order",
        f"{quote(subject.line) if subject.line else 'null::varchar'} as _line",
        f"{quote(subject.amount) if subject.amount else 'null'}::decimal(18, 4) as _amount",
        f"{_joined(subject.state)} as _state",
        "(select business_date from marts.as_of)::varchar as _day",
        *(quote(each) for each in shown),
    ]
    sql = f"select {', '.join(columns)} from ({rows}) where {condition} order by _subject"  # noqa: S608 - our names
    return Compiled(sql, [*leading, *query.parameters], shown)


def compile_condition(
    group: Group, table: str, published: duckdb.DuckDBPyConnection, path: Path
) -> tuple[str, list[Any]]:
    """Return a condition on the rows of a table as SQL with the values of its marks.

    Args:
        group: The condition.
        table: Table of rules.
        published: Open published version, whose tables say which fields there are.
        path: File of the condition, for messages.

    Raises:
        OrderhouseError: A field is unknown, or a value does not fit its type.
    """
    query = _Query(fields_of(table, published), path, published)
    return _group(group, query), query.parameters


def _joined(columns: Sequence[str]) -> str:
    """Return the expression of several columns as one text."""
    texts = (f"coalesce({quote(each)}::varchar, '')" for each in columns)
    return f"concat_ws(chr(31), {', '.join(texts)})"


def _group(group: Group, query: _Query) -> str:
    parts = [_part(each, query) for each in group.parts]
    if group.kind == "not":
        return f"(not {parts[0]})"
    return "(" + (" and " if group.kind == "all" else " or ").join(parts) + ")"


def _part(part: Part, query: _Query) -> str:
    return _group(part, query) if isinstance(part, Group) else _comparison(part, query)


def _comparison(part: Comparison, query: _Query) -> str:
    kind = _field(part.field, part.line, query)
    column = quote(part.field)
    if part.operator == "is_null":
        return f"({column} is {'' if part.values[0] == 'true' else 'not '}null)"
    if part.operator == "contains":
        if kind != "VARCHAR":
            raise _refusal(part, query, f"contains compares texts, and {part.field} is no text; use eq or between")
        query.parameters.append(part.values[0])
        return f"coalesce(contains(lower({column}), lower(?)), false)"
    marks = [_value(part, each, kind, query) for each in part.values]
    if part.operator == "ne":
        return f"({column} is distinct from {marks[0]})"
    if part.operator == "in":
        return f"coalesce({column} in ({', '.join(marks)}), false)"
    if part.operator == "between":
        return f"coalesce({column} between {marks[0]} and {marks[1]}, false)"
    return f"coalesce({column} {SIGNS[part.operator]} {marks[0]}, false)"


def _field(name: str, line: int, query: _Query) -> str:
    """Return the type of a field, and note that the rule names it."""
    if name not in query.types:
        clause = nearest_sentence("field", name, query.types)
        raise OrderhouseError(f"{query.path}:{line}: {clause}")
    query.fields[name] = None
    return query.types[name]


def _value(part: Comparison, text: str, kind: str, query: _Query) -> str:
    """Add a value to the parameters, and return its expression in the type of the column."""
    if kind in ("TIMESTAMP", "DATE") and (match := RELATIVE.fullmatch(text)):
        number, unit, direction = match.groups()
        query.parameters.append(f"{number} {unit}s")
        now = "as_of" if kind == "TIMESTAMP" else "business_date"
        sign = "-" if direction == "ago" else "+"
        return f"(select {now} {sign} ?::interval from marts.as_of)::{kind}"  # noqa: S608 - our names
    value = _instant(part, text, query) if kind == "TIMESTAMP" else text
    ((converted,),) = query.published.execute(f"select try_cast(? as {kind})", [value]).fetchall()
    if converted is None or (kind.startswith("DECIMAL") and _digits(text) > 4):
        raise _refusal(part, query, f"{text!r} is not {TYPES.get(kind, 'a number with at most four decimals')}")
    query.parameters.append(value)
    return f"?::{kind}"


def _digits(text: str) -> int:
    """Return the number of digits after the point; a value must not be rounded on its way into the query."""
    return len(text.rpartition(".")[2]) if "." in text else 0


def _instant(part: Comparison, text: str, query: _Query) -> str:
    """Return an instant as UTC text."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        clause = f"{text!r} is no instant; write 2026-03-31T18:00+02:00, or 3 days ago"
        raise _refusal(part, query, clause)
    return found.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")


def _refusal(part: Comparison, query: _Query, clause: str) -> OrderhouseError:
    return OrderhouseError(f"{query.path}:{part.line}: {part.field}: {clause}.")
