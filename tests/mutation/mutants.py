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


class Queries:
    """The parsed queries of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._units: dict[str, exp.Expression] = {}
        self._counted: dict[tuple[str, str], int] = {}

    @cached_property
    def trees(self) -> Mapping[str, exp.Expression]:
        """Return the trees of the stored models, with marks for the values of a build."""
        return {name: _parse(model.sql) for name, model in self.project.models.items()}

    @cached_property
    def stored(self) -> Mapping[str, str]:
        """Return the stored model that holds the text of each model."""
        found = {name: name for name in self.trees}
        for name, tree in self.trees.items():
            for each in tree.find_all(exp.CTE):
                if each.alias.startswith(PREFIX):
                    found.setdefault(each.alias.removeprefix(PREFIX), name)
        return dict(sorted(found.items()))

    def mutants(self, draw: int = 0) -> Iterator[Mutant]:
        """Return one mutant per model and kind, at a place that depends on their names and on the draw alone."""
        for model in self.stored:
            for kind in KINDS:
                places = self._count(self.trees[self.stored[model]], model, kind)
                if places:
                    yield Mutant(model, kind, _drawn(f"{draw} {model} {kind}", places))

    @cached_property
    def unchanged(self) -> Mapping[str, str]:
        """Return the queries of the stored models, written from their trees."""
        return {name: _text(tree) for name, tree in self.trees.items()}

    def mutated(self, mutant: Mutant) -> str:
        """Return the query of the stored model with the change, with marks for the values of a build."""
        return _text(_changed(self.trees[self.stored[mutant.model]], mutant))

    def mutated_unit_test(self, test: UnitTest, mutant: Mutant) -> str | None:
        """Return the query of a unit test with the same change, or none where the test renders another text."""
        if test.name not in self._units:
            self._units[test.name] = _parse(test.sql)
        tree = self._units[test.name]
        model = self.trees[self.stored[mutant.model]]
        if self._count(tree, test.name, mutant.kind) != self._count(model, mutant.model, mutant.kind):
            return None
        return _text(_changed(tree, mutant))

    def pieces(self, mutant: Mutant, text: str) -> tuple[str, str]:
        """Return the changed piece of a query before and after."""
        return _pieces(self.unchanged[self.stored[mutant.model]], text)

    def _count(self, tree: exp.Expression, name: str, kind: str) -> int:
        if (name, kind) not in self._counted:
            self._counted[name, kind] = len(_places(tree, name, kind))
        return self._counted[name, kind]


def _changed(tree: exp.Expression, mutant: Mutant) -> exp.Expression:
    copied = tree.copy()
    _places(copied, mutant.model, mutant.kind)[mutant.place]()
    return copied


def _places(tree: exp.Expression, model: str, kind: str) -> list[Place]:
    """Return the places of a kind in the text of a model: a step of the tree, or the tree without its steps."""
    steps = {each.alias: each.this for each in tree.ctes}
    return list(KINDS[kind](steps.get(f"{PREFIX}{model}", tree)))


def _parse(text: str) -> exp.Expression:
    return sqlglot.parse_one(text, dialect="duckdb")


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
