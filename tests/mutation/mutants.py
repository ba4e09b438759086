"""Mutants: queries of models with one small change each.

A model takes part with the text that dbt compiled. An ephemeral model is a common table expression of the stored model
that reads it, and is changed there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp

from tests.mutation.changes import KINDS, Place
from tests.mutation.compiled import Project, UnitTest

__all__ = ["Mutant", "Queries"]

PREFIX = "__dbt__cte__"
CONTEXT = 30


@dataclass(frozen=True)
class Mutant:
    """One change of one model.

    Attributes:
        model: The model.
        kind: The kind of change.
        place: Number of the place in the model's text where it is made.
    """

    model: str
    kind: str
    place: int

    def __str__(self) -> str:
        return f"{self.model}/{self.kind}/{self.place}"

    @classmethod
    def of(cls, name: str) -> Mutant:
        """Return the mutant of a name as `str` writes it."""
        model, kind, place = name.split("/")
        return cls(model, kind, int(place))


class Query:
    """One parsed query: its own text, and the common table expressions of other models that dbt put before it."""

    def __init__(self, text: str) -> None:
        tree = sqlglot.parse_one(text, dialect="duckdb")
        steps = [each for each in tree.ctes if each.alias.startswith(PREFIX)]
        self.parts: dict[str, exp.Expression] = {}
        for each in steps:
            self.parts[each.alias.removeprefix(PREFIX)] = each.this
            each.pop()
        if steps and not tree.ctes:
            tree.set("with_", None)
        self.parts[""] = tree
        self.texts = {name: _text(part) for name, part in self.parts.items()}

    def part(self, model: str) -> str:
        """Return the name of the part that holds a model's text: its step, else the query's own text."""
        return model if model in self.parts else ""

    def text(self, changed: str = "", by: str | None = None) -> str:
        """Return the whole text, with one part replaced."""
        texts = self.texts if by is None else self.texts | {changed: by}
        steps = ", ".join(f"{PREFIX}{name} AS ({text})" for name, text in texts.items() if name)
        own = texts[""]
        if not steps:
            return own
        return f"WITH {steps}, {own.removeprefix('WITH ')}" if own.startswith("WITH ") else f"WITH {steps} {own}"


class Queries:
    """The parsed queries of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._units: dict[str, Query] = {}
        self._counted: dict[tuple[str, str], int] = {}

    @cached_property
    def queries(self) -> Mapping[str, Query]:
        """Return the queries of the stored models, with marks for the values of a build."""
        return {name: Query(model.sql) for name, model in self.project.models.items()}

    @cached_property
    def stored(self) -> Mapping[str, str]:
        """Return the stored model that holds the text of each model."""
        found = {name: name for name in self.queries}
        for name, query in self.queries.items():
            for step in query.parts:
                if step:
                    found.setdefault(step, name)
        return dict(sorted(found.items()))

    def mutants(self, draw: int = 0) -> Iterator[Mutant]:
        """Return one mutant per model and kind, at a place that depends on their names and on the draw alone."""
        for model in self.stored:
            for kind in KINDS:
                places = self._count(self.queries[self.stored[model]], model, kind)
                if places:
                    yield Mutant(model, kind, _drawn(f"{draw} {model} {kind}", places))

    def mutated(self, mutant: Mutant) -> tuple[str, tuple[str, str]]:
        """Return the query of the stored model with the change, and the changed piece of it before and after."""
        query = self.queries[self.stored[mutant.model]]
        part = query.part(mutant.model)
        text = _changed(query.parts[part], mutant)
        return query.text(part, text), _pieces(query.texts[part], text)

    def pieces(self, mutant: Mutant) -> tuple[str, str] | None:
        """Return the changed piece of the text before and after; none if the text has no such place any more."""
        if mutant.model not in self.stored:
            return None
        query = self.queries[self.stored[mutant.model]]
        return self.mutated(mutant)[1] if mutant.place < self._count(query, mutant.model, mutant.kind) else None

    def mutated_unit_test(self, test: UnitTest, mutant: Mutant) -> str | None:
        """Return the query of a unit test with the same change, or none where the test renders another text."""
        if test.name not in self._units:
            self._units[test.name] = Query(test.sql)
        query = self._units[test.name]
        model = self.queries[self.stored[mutant.model]]
        if self._count(query, test.name, mutant.kind) != self._count(model, mutant.model, mutant.kind):
            return None
        return query.text("", _changed(query.parts[""], mutant))

    def _count(self, query: Query, name: str, kind: str) -> int:
        if (name, kind) not in self._counted:
            self._counted[name, kind] = len(list(KINDS[kind](query.parts[query.part(name)])))
        return self._counted[name, kind]


def _changed(part: exp.Expression, mutant: Mutant) -> str:
    copied = part.copy()
    places: list[Place] = list(KINDS[mutant.kind](copied))
    places[mutant.place]()
    return copied.sql(dialect="duckdb", comments=False, copy=False)


def _text(tree: exp.Expression) -> str:
    return tree.sql(dialect="duckdb", comments=False)


def _drawn(name: str, places: int) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % places


def _pieces(before: str, after: str) -> tuple[str, str]:
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    first = max(start - CONTEXT, 0)
    cut = [text[first : min(len(text) - end + CONTEXT, first + 8 * CONTEXT)] for text in (before, after)]
    return cut[0], cut[1]
