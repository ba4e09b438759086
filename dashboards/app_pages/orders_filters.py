"""Filters of the orders page, as SQL conditions with parameters. The search is in `orders_finding`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from shared import address
from shared.access import Version
from shared.formats import label

from app_pages import orders_finding
from app_pages.orders_conditions import Conditions, one_of

__all__ = ["ask", "count"]

# Filters on one column: query parameter, heading, column. No column name comes from the reader.
CHOICES = (
    ("stage", "Stage", "stage"),
    ("payment", "Payment", "payment_status"),
    ("delivery", "Delivery", "delivery_status"),
    ("channel", "Channel", "channel"),
    ("country", "Country", "ship_country"),
)
# Two words, never one: late now is past the current promise, delivered late came after the first promise.
LATE = {"now": ("Late now", "is_late"), "delivered": ("Delivered late", "was_late")}
CODES = "select distinct code from ops.exceptions where order_id is not null order by code"


def ask(version: Version, conditions: Conditions) -> None:
    """Show the filters, and add their conditions."""
    with address.filters([*(key for key, _, _ in CHOICES), "placed", "exception", "late"]):
        words = _words(version)
        chosen = {key: address.choices(key, heading, words[name]) for key, heading, name in CHOICES}
        late = address.choice("late", "Late", list(LATE), written=lambda word: LATE[word][0])
        placed = address.days("placed", "Placed between")
        code = address.choice("exception", "Exceptions", _codes(version), written=_written)
    _add(conditions, chosen, late, placed, code)


def count(version: Version, query: Mapping[str, Sequence[str]]) -> int:
    """Return the number of orders that match the address of a saved view. It filters as `ask` and the search do."""
    conditions, words = Conditions(), _words(version)

    def first(key: str) -> str:
        return next(iter(query.get(key, ())), "")

    if first("q").strip():
        orders_finding.add(version, conditions, first("q").strip())
    chosen = {key: address.known(query.get(key, ()), words[name]) for key, _, name in CHOICES}
    late = address.known([first("late")], list(LATE), written=lambda word: LATE[word][0])
    code = address.known([first("exception")], _codes(version), written=_written)
    _add(conditions, chosen, next(iter(late), None), address.day_range(first("placed")), next(iter(code), None))
    found = version.row(f"select count(*) as n from ops.orders where {conditions.where}", conditions.parameters)  # noqa: S608 - fixed
    return int(found["n"])


def _add(
    conditions: Conditions,
    chosen: Mapping[str, list[str]],
    late: str | None,
    placed: tuple[date, date] | None,
    code: str | None,
) -> None:
    for key, _, name in CHOICES:
        if chosen[key]:
            conditions.add(one_of(name, chosen[key]), *chosen[key])
    if late:
        conditions.add(LATE[late][1])
    if placed:
        conditions.add("placed_date between ? and ?", *placed)
    if code:
        conditions.add("order_id in (select order_id from ops.exceptions where ? in ('any', code))", code)


def _codes(version: Version) -> list[str]:
    return ["any", *version.rows(CODES)["code"].to_list()]


def _written(code: str) -> str:
    return "Any open" if code == "any" else label(code)


def _words(version: Version) -> dict[str, list[str]]:
    """Return the words in each column of `CHOICES`, read in one scan."""
    lists = ", ".join(f"list_sort(list(distinct {name})) as {name}" for _, _, name in CHOICES)
    found = version.row(f"select {lists} from ops.orders")  # noqa: S608 - fixed names
    return {name: [word for word in words or [] if word is not None] for name, words in found.items()}
