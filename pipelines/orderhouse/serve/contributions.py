"""Contributions: the parts of a number that come from single orders, customers, SKUs or carts.

The models are asked, so that no number is defined a second time. Over the tables of a whole world lies a second set of
the same models, whose inputs hold only chosen subjects. The number of a set of subjects is that of the models over
them. Sets are halved until single subjects are left; halves that do not add up to the whole tell that the number is no
sum over such subjects. Subjects whose rows match the cell's key are tried first. Where there are too many to ask for
each, the last sets stay together. Rows that name no subject of one kind are those of another: a day of sales is a sum
over orders and over the credit notes that name none.
"""

# ruff: noqa: S608 - the statements hold quoted names, never values

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from orderhouse.serve.filtered import NOBODY, FilteredModels
from orderhouse.serve.patience import computing_for
from orderhouse.serve.worlds import World
from orderhouse.storage.sql_names import quote

__all__ = ["Contribution", "contributions"]

# Columns that name what a number may be a sum of, in the order in which they are tried.
SUBJECTS = ("order_id", "customer_key", "sku", "cart_id", "feedback_id", "payout_id", "return_id")
# Columns by which rows without a subject are named instead, from the narrowest on.
INSTEAD = ("return_id", "payout_id", "cart_id", "feedback_id", "order_id", "customer_key", "sku")
# Seconds of computing after which sets of subjects are no longer halved, and after which a split is given up. They are
# no seconds of the clock, because a busy machine must not give another answer.
PATIENCE = 6.0
LONGEST = 60.0

Figures = tuple[Any, ...]


@dataclass(frozen=True)
class Contribution:
    """Contribution of one subject, or of several that were not asked one by one.

    Attributes:
        subject: The column that names it, such as `order_id`.
        values: Its id, or the ids of a set; an empty one for rows that name none.
        figures: Its part of each figure, in the order in which they were asked.
    """

    subject: str
    values: tuple[str, ...]
    figures: Figures


class _NoSum(Exception):
    """The figures of two halves do not add up to those of the whole."""


@dataclass(frozen=True)
class _Question:
    """Figures of the rows of a model under conditions."""

    model: str
    figures: str
    conditions: str
    values: list[Any]

    def text(self, place: str) -> str:
        """Return the query on a place that holds the model."""
        return f"select {self.figures} from {place} where {self.conditions}"


def contributions(world: World, name: str, key: Mapping[str, Any], columns: Sequence[str]) -> list[Contribution] | None:
    """Return the parts of the figures in the one row that a key selects; None if they are no sums.

    Args:
        world: A world with all rows, in which the model is computed.
        name: The model.
        key: The key of the row, by column.
        columns: Columns with the figures.
    """
    question = _descend(world, name, key, columns)
    whole = _ask(world, question, world.place_of(question.model))
    if whole is None:
        return None
    deadline = time.process_time() + PATIENCE
    # Parts of which one belongs to nobody, such as carts without an order, are returned only for want of better ones.
    nameless: list[Contribution] | None = None
    for subject in SUBJECTS:
        for is_deep in (False, True):
            models = FilteredModels(world, question.model, subject, is_deep=is_deep)
            if not models.filtered:
                continue
            with contextlib.suppress(_NoSum, duckdb.InterruptException), computing_for(world.connection, LONGEST):
                found = [_named(models, each, key) for each in _split(models, question, key, whole, deadline)]
                if not any(NOBODY in each.values for each in found):
                    return found
                nameless = nameless or found
    return nameless


def _named(models: FilteredModels, part: Contribution, key: Mapping[str, Any]) -> Contribution:
    """Return the part of rows without a subject as a part of what they name instead, such as a credit note."""
    others = [each for each in INSTEAD if each != models.subject]
    found = models.nameless(_known(key), others) if part.values == (NOBODY,) else None
    return Contribution(found[0], tuple(found[1]), part.figures) if found else part


def _known(key: Mapping[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in key.items() if value is not None}


def _descend(world: World, name: str, key: Mapping[str, Any], columns: Sequence[str]) -> _Question:
    """Return the question on the model nearest to the feeds whose rows hold the same figures and the whole key.

    A KPI is so asked of the model that counts it, and not of the union of all KPIs.
    """
    question = _question(world, name, key, columns, total=False)
    if question is None:
        raise ValueError(f"{name} has no such columns")
    figures = _ask(world, question, world.place_of(name))
    while True:
        for read in world.models[question.model].reads:
            if read not in world.models or not (_is_thin(world, question.model) and _is_thin(world, read)):
                continue
            nearer = _question(world, read, key, columns, total=True)
            if nearer is not None and figures is not None and _ask(world, nearer, world.place_of(read)) == figures:
                question = nearer
                break
        else:
            return question


def _question(
    world: World, name: str, key: Mapping[str, Any], columns: Sequence[str], *, total: bool
) -> _Question | None:
    """Return the question for the figures of a key; None if the model lacks one of their columns."""
    known = world.columns_of(name)
    wanted = dict(key)
    if "dimension" in wanted and "dimension" not in known:
        dimension, value = wanted.pop("dimension"), wanted.pop("dimension_value", None)
        if dimension != "all":
            wanted[dimension] = value
    if not known.keys() >= {*wanted, *columns}:
        return None
    figures = ", ".join(f"sum({quote(column)})" if total else quote(column) for column in columns)
    conditions = " and ".join(f"{quote(column)} is not distinct from ?" for column in wanted)
    return _Question(name, figures, conditions or "true", list(wanted.values()))


def _ask(world: World, question: _Question, place: str) -> Figures | None:
    """Return the figures in a place; None without such a row."""
    rows = world.connection.execute(question.text(place), question.values).fetchall()
    return tuple(rows[0]) if rows else None


def _split(
    models: FilteredModels, question: _Question, key: Mapping[str, Any], whole: Figures, deadline: float
) -> list[Contribution]:
    """Halve the subjects until single ones are left, and return those with figures.

    Raises:
        _NoSum: The figures are no sums over these subjects.
    """
    place = models.place_of(question.model)
    wanted = [_number(figure) for figure in whole]

    def ask(subjects: Sequence[str]) -> Figures | None:
        models.choose(subjects)
        figures = _ask(models.world, question, place)
        return figures if figures is not None and any(map(_counts, figures)) else None

    if ask([]) is not None:
        raise _NoSum
    found: list[Contribution] = []

    def halve(subjects: Sequence[str], total: Figures) -> None:
        if len(subjects) == 1 or time.process_time() > deadline:
            found.append(Contribution(models.subject, tuple(subjects), total))
            return
        middle = len(subjects) // 2
        halves = [(half, ask(half)) for half in (subjects[:middle], subjects[middle:])]
        if _sum([part for _, part in halves if part is not None], len(total)) != [_number(each) for each in total]:
            raise _NoSum
        for half, part in halves:
            if part is not None:
                halve(half, part)

    def take(subjects: Sequence[str]) -> list[Figures]:
        """Halve subjects, those who are nobody apart from the others, and return the figures of both."""
        sets = [[each for each in subjects if (each == NOBODY) is is_nobody] for is_nobody in (False, True)]
        asked = [(each, figures) for each in sets if each and (figures := ask(each)) is not None]
        for each, figures in asked:
            halve(each, figures)
        return [figures for _, figures in asked]

    likely = models.subjects(_known(key))
    parts = take(likely)
    if _sum(parts, len(whole)) != wanted:
        is_likely = set(likely)
        parts += take([each for each in models.subjects({}) if each not in is_likely])
        if _sum(parts, len(whole)) != wanted:
            raise _NoSum
    return found


def _is_thin(world: World, name: str) -> bool:
    """Return True for views and for tables of figures by day, which are no rows of any subject."""
    return world.models[name].is_view or name.startswith("int_kpi_")


def _counts(figure: Any) -> bool:
    return figure is not None and figure != 0


def _number(figure: Any) -> Any:
    return Decimal(0) if figure is None else figure


def _sum(parts: Sequence[Figures], width: int) -> list[Any]:
    return [sum((_number(part[at]) for part in parts), Decimal(0)) for at in range(width)]
