"""Conditions that are edited: fields, operators and values that are picked, not typed, where they can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import Any
from uuid import uuid4

import polars as pl
import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.rules.rule import OPERATORS
from orderhouse.rules.sentences import field_name
from orderhouse.rules.subjects import SUBJECTS, query_of

from shared.access import Version, quoted

__all__ = ["Condition", "Fields", "conditions", "fields_of_table", "plain_comparison"]

# Types of the fields of a table, by name.
Fields = Mapping[str, str]
# Words of a text field up to which they are offered as a choice.
MOST_WORDS = 60
OF_TYPE = {
    "VARCHAR": ("eq", "ne", "in", "contains", "is_null"),
    "BOOLEAN": ("eq",),
}
OF_NUMBERS = ("gt", "ge", "lt", "le", "eq", "ne", "between", "is_null")
YES_NO = {"true": "yes", "false": "no"}


@dataclass
class Condition:
    """One comparison that is edited."""

    field: str
    operator: str
    values: list[str]
    key: str = with_default(default_factory=lambda: uuid4().hex)


def plain_comparison(condition: Condition) -> dict[str, Any]:
    """Return a comparison as it stands in a file of rules or campaigns.

    Raises:
        OrderhouseError: It has no value.
    """
    if not condition.values or not all(condition.values):
        raise OrderhouseError(f"Give a value for {condition.field}.")
    many = condition.operator in ("in", "between")
    return {"field": condition.field, condition.operator: condition.values if many else condition.values[0]}


def fields_of_table(version: Version, table: str) -> Fields:
    """Return the types of the fields of a table of rules."""
    query, parameters = query_of(table, version.business_date)
    rows = version.rows(f"select * from ({query}) limit 0", parameters)  # noqa: S608 - our query
    return {name: _type_of(kind) for name, kind in rows.schema.items() if not name.startswith("_")}


def _type_of(kind: pl.DataType) -> str:
    if kind == pl.String:
        return "VARCHAR"
    if kind == pl.Boolean:
        return "BOOLEAN"
    return "TIMESTAMP" if kind.is_temporal() else "NUMBER"


def conditions(version: Version, table: str, title: str, chosen: list[Condition], fields: Fields, key: str) -> None:
    """Show a list of conditions on a table, and change it as the person does."""
    st.caption(title)
    for condition in list(chosen):
        _one(version, table, chosen, condition, fields)
    if st.button("Add a condition", icon=":material/add:", key=key):
        first = next(iter(SUBJECTS[table].state))
        chosen.append(Condition(first, "eq" if fields[first] in ("VARCHAR", "BOOLEAN") else "ge", []))
        st.rerun()


def _one(version: Version, table: str, chosen: list[Condition], condition: Condition, fields: Fields) -> None:
    names = sorted(fields, key=field_name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        found = st.selectbox(
            "Field", names, index=names.index(condition.field) if condition.field in fields else None,
            format_func=field_name, key=f"{condition.key}.field", width=300,
        )  # fmt: skip
        if found is not None and found != condition.field:
            condition.field, condition.values = found, []
            condition.operator = _operators(fields[found])[0]
            st.rerun()
        operators = _operators(fields.get(condition.field, "VARCHAR"))
        if condition.operator not in operators:
            condition.operator = operators[0]
        operator = st.selectbox(
            "Is", operators, index=operators.index(condition.operator), format_func=OPERATORS.__getitem__,
            key=f"{condition.key}.operator.{condition.field}", width=170, label_visibility="hidden",
        )  # fmt: skip
        if operator != condition.operator:
            condition.operator, condition.values = (
                operator,
                condition.values if operator == "in" else condition.values[:1],
            )
            st.rerun()
        condition.values = _values(version, table, condition, fields.get(condition.field, "VARCHAR"))
        if st.button("Remove", icon=":material/close:", key=f"{condition.key}.remove", type="tertiary"):
            chosen.remove(condition)
            st.rerun()


def _operators(kind: str) -> tuple[str, ...]:
    return OF_TYPE.get(kind, OF_NUMBERS)


def _values(version: Version, table: str, condition: Condition, kind: str) -> list[str]:
    """Show the values of a condition, and return them."""
    key, given = f"{condition.key}.value.{condition.field}.{condition.operator}", condition.values
    if condition.operator == "is_null" or kind == "BOOLEAN":
        words = list(YES_NO)
        at = words.index(given[0]) if given and given[0] in words else 0
        return [st.selectbox("Value", words, index=at, format_func=YES_NO.__getitem__, key=key, width=120)]
    words = _words(version, table, condition.field) if kind == "VARCHAR" and condition.operator != "contains" else []
    if words:
        options = list(dict.fromkeys([*words, *given]))
        if condition.operator == "in":
            return list(st.multiselect("Values", options, default=given, key=key, width=320))
        found = st.selectbox("Value", options, index=options.index(given[0]) if given else None, key=key, width=240)
        return [found] if found else []
    if condition.operator == "between":
        lower, upper = (*given, "", "")[:2]
        return [
            st.text_input("From", lower, key=f"{key}.from", width=140).strip(),
            st.text_input("To", upper, key=f"{key}.to", width=140).strip(),
        ]
    hint = "Such as 3 days ago" if kind == "TIMESTAMP" else ""
    typed = st.text_input("Value", ", ".join(given), placeholder=hint, key=key, width=240).strip()
    return [part.strip() for part in typed.split(",")] if condition.operator == "in" else [typed]


def _words(version: Version, table: str, field: str) -> list[str]:
    """Return the words of a text field that has few of them; the query cuts the list off one above."""
    query, parameters = query_of(table, version.business_date)
    name = quoted(field)
    found: list[Any] = version.rows(
        f"select distinct {name} as word from ({query}) where {name} is not null order by 1 limit {MOST_WORDS + 1}",  # noqa: S608 - our names
        parameters,
    )["word"].to_list()
    return [] if len(found) > MOST_WORDS else found
