"""Lists: tables of any length, which SQL sorts, filters and pages.

A list says which rows of how many it shows. Its order and its page are in the URL, next to the filters of `address`,
so that Back, reload and a shared link show the same rows. Its CSV holds all rows. A row opens by click, Enter or
Space. For example:

    stage = address.choice("stage", "Stage", stages)
    listed = listing(
        version,
        "select order_id, stage, due_amount, due_amount_reporting, currency, placed_at from ops.orders "
        "where ? is null or stage = ?",
        (stage, stage),
        {
            "order_id": column("Order"),
            "stage": word("Stage"),
            "due_amount": column("Due", is_amount=True, sort="due_amount_reporting"),
            "currency": column("Currency"),
            "placed_at": column("Placed"),
        },
        key="orders",
        unique="order_id",
        sort="-placed_at",
        nothing="No order matches.",
        opens="Open the order",
    )
    if listed.opened:
        open_page("orders", {"order": listed.opened["order_id"]})

The query selects, joins and filters; it neither sorts nor limits. Values are parameters. A short result, of which all
rows are shown, belongs in `tables`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl
import streamlit as st
from orderhouse.serve.listed import listed_csv

from shared import address, grid
from shared.access import Row, Version, quoted
from shared.columns import Column
from shared.formats import count
from shared.layout import empty
from shared.people import Person, signed_in

__all__ = ["DOWNLOAD_ROWS", "Listed", "listing"]

ROWS_PER_PAGE = 50
# A download is held in the memory of the server. A million rows of orders are about 250 MB as CSV.
DOWNLOAD_ROWS = 1_000_000


@dataclass(frozen=True)
class Listed:
    """A list as shown.

    Attributes:
        rows: The rows of the page, as stored.
        total: Number of all rows.
        opened: The row that the reader has just opened.
        ticked: Ids of the ticked rows of the page.
    """

    rows: pl.DataFrame
    total: int
    opened: Row | None
    ticked: list[str]


@dataclass(frozen=True)
class _List:
    """A query, the columns that it may be sorted by, and the names of its order and page in the URL."""

    sql: str
    parameters: tuple[object, ...]
    columns: Mapping[str, Column]
    key: str
    unique: str
    ties: str
    prefix: str

    @property
    def sort_name(self) -> str:
        return f"{self.prefix}sort"

    @property
    def page_name(self) -> str:
        return f"{self.prefix}page"

    def ordered(self, order: str) -> str:
        """Return the query in an order. Only names of described columns get into it."""
        name = order.removeprefix("-")
        by = self.columns[name].sort or name
        direction = "desc" if order.startswith("-") else "asc"
        ties = f"{self.ties}, " if self.ties else ""
        last = f"{ties}{quoted(self.unique)}"
        return f"select * from ({self.sql}) as listed order by {quoted(by)} {direction} nulls last, {last}"  # noqa: S608

    def exported(self, order: str, time_zone: str) -> tuple[str, list[object]]:
        """Return the query of the CSV and its own values. A promise of a day is that day."""
        days = {name: each.day_if for name, each in self.columns.items() if each.day_if}
        if not days:
            return self.ordered(order), []
        written = ", ".join(
            f"case when {quoted(flag)} then strftime(({quoted(name)} at time zone 'UTC') at time zone ?, '%Y-%m-%d') "
            f"else {quoted(name)}::varchar end as {quoted(name)}"
            for name, flag in days.items()
        )
        return f"select * replace ({written}) from ({self.ordered(order)}) as written", [time_zone] * len(days)  # noqa: S608 - described columns


def listing(
    version: Version,
    sql: str,
    parameters: Sequence[object],
    columns: Mapping[str, Column],
    *,
    key: str,
    unique: str,
    sort: str,
    nothing: str,
    ties: str = "",
    noun: str | None = None,
    opens: str | None = None,
    ticks: bool = False,
    choosable: bool = False,
    prefix: str = "",
    per_page: int = ROWS_PER_PAGE,
    height: int | None = 640,
) -> Listed:
    """Show one page of a query, with its order, its pages and its CSV.

    Args:
        version: The published version.
        sql: The query without order and limit, with placeholders for every value.
        parameters: The values.
        columns: Description of each shown column, in order. Every one can be sorted by; `Column.sort` names another
            column of the query that gives its order. The CSV has all columns of the query.
        key: Widget key, unique in the app. With spaces for `_`, it names the table and its file.
        unique: Column of the query that differs in every row. It ends every order and names the opened row.
        sort: The order before the reader chooses one: a column, with `-` in front to descend.
        nothing: Sentence to show if there are no rows.
        ties: Order of rows that the chosen column does not tell apart, as SQL of fixed names.
        noun: Plural of the rows, such as `orders`; the key by default.
        opens: Effect of opening a row, such as "Open the order". Without it rows do not open.
        ticks: True to offer a box to tick for each row.
        choosable: True to offer a choice of the columns and their order, which is in the URL.
        prefix: Put before `sort` and `page` in the URL, such as `files_`, where a page has several lists.
        per_page: Rows of a page.
        height: Most height in pixels; rows beyond it scroll.
    """
    this = _List(sql, tuple(parameters), columns, key, unique, ties, prefix)
    noun = noun or key.replace("_", " ")
    total = version.row(f"select count(*) as n from ({sql}) as listed", parameters)["n"]  # noqa: S608 - ours
    if not total:
        empty(nothing)
        return Listed(pl.DataFrame(), 0, None, [])
    pages = -(-total // per_page)
    page = address.number(this.page_name, 1, pages, "page")
    first = (page - 1) * per_page
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        last = min(first + per_page, total)
        st.markdown(f"**{count(first + 1)}–{count(last)} of {count(total)}** {noun}", width="content")
        order = _pick_order(this, sort)
        shown = _pick_columns(this) if choosable else columns
    rows = version.rows(f"{this.ordered(order)} limit ? offset ?", [*this.parameters, per_page, first])
    ids = [str(each) for each in rows[unique].to_list()]
    ticked = grid.show(
        rows,
        shown,
        key=key,
        ids=ids,
        opens=opens,
        ticks=ticks,
        order=(order.removeprefix("-"), order.startswith("-")),
        on_sort=partial(_turn, this, order, sort),
        height=height,
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if pages > 1:
            _pick_page(this, page, pages)
        _download(version, this, order, total)
    picked = grid.opened(key)
    opened = rows.row(ids.index(picked), named=True) if picked in ids else None
    return Listed(rows, total, opened, ticked)


def _pick_order(this: _List, default: str) -> str:
    """Show the choice of the order, and return it. Phones cannot see all headings at once."""
    orders = [default, *(f"{sign}{name}" for name in this.columns for sign in ("", "-") if f"{sign}{name}" != default)]

    def written(order: str) -> str:
        heading = this.columns[order.removeprefix("-")].heading if order.removeprefix("-") in this.columns else order
        return f"{heading} {'↓' if order.startswith('-') else '↑'}"

    name = this.sort_name
    asked = st.query_params.get(name)
    st.session_state[f"{this.key}.sort"] = asked if asked in orders else default
    order = st.selectbox(
        "Sort by",
        orders,
        format_func=written,
        key=f"{this.key}.sort",
        label_visibility="collapsed",
        width=190,
        on_change=lambda: address.write(name, st.session_state[f"{this.key}.sort"], default),
    )
    if asked and asked not in orders:
        st.warning(f"This list has no column “{asked}” to sort by. It is sorted by {written(default)}.")
    return order


def _pick_columns(this: _List) -> Mapping[str, Column]:
    """Show the choice of the columns, and return them in the chosen order; all if none is chosen."""
    name = f"{this.prefix}columns"
    with address.filters([name], "Columns", "view_column"):
        chosen = address.choices(
            name,
            "Columns, in this order",
            list(this.columns),
            written=lambda column: this.columns[column].heading,
            width="stretch",
        )
    return {column: this.columns[column] for column in chosen} or this.columns


def _turn(this: _List, order: str, default: str, name: str) -> None:
    """Sort by a column, or turn its order around."""
    if name in this.columns:
        address.write(this.sort_name, f"-{name}" if order == name else name, default)


def _pick_page(this: _List, page: int, pages: int) -> None:
    # The widget of each page is its own: its value comes from the URL, and Streamlit takes it as the default only once.
    widget, name = f"{this.key}.page.{page}", this.page_name

    def follow() -> None:
        address.write(name, st.session_state[widget], 1)

    st.pagination(pages, default=page, key=widget, max_visible_pages=5, width=360, on_change=follow)


def _download(version: Version, this: _List, order: str, total: int) -> None:
    """Offer all rows as CSV to a role that may export."""
    if not version.role.exports:
        return
    person = signed_in()  # the file is written later, when this page is no longer drawn
    is_too_long = total > DOWNLOAD_ROWS
    st.download_button(
        "CSV",
        data=partial(_csv, person, version, this, order, total),
        file_name=f"{this.key}_v{version.number}.csv",
        mime="text/csv",
        icon=":material/download:",
        help=f"The download ends at {count(DOWNLOAD_ROWS)} rows: narrow the filters, or use Exports."
        if is_too_long
        else f"All {count(total)} rows in this order, with exact values, instants in UTC, and promised days as days.",
        disabled=is_too_long,
        on_click="ignore",
        key=f"{this.key}.csv",
    )


def _csv(person: Person, version: Version, this: _List, order: str, total: int) -> bytes:
    """Record the download, and return the file. Values of filters are not recorded: a search can name a person."""
    person.record("export", f"list {this.key}", version=version.number, format="csv", rows=total, sort=order)
    sql, before = this.exported(order, version.time_zone)
    contents: Any = listed_csv(version.settings, person.role, version.number, sql, [*before, *this.parameters])
    return bytes(contents)
