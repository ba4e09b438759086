"""Campaign: every mutant against every check, in one or more worlds, and the outcomes in a file.

An outcome names the first check that notices, in the order unit test, oracle, identity, data test. Only a mutant that
no check notices in one world is computed in the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from tests.mutation.checks import DataTests, Oracle, UnitTests
from tests.mutation.compiled import Project, compiled_project
from tests.mutation.derived import Derived, TooSlow
from tests.mutation.mutants import Mutant, Queries

__all__ = ["CAUGHT", "UNREACHED", "Campaign", "Outcome", "World", "holding", "read_outcomes"]

UNIT_TEST, ORACLE, IDENTITY, DATA_TEST = "unit test", "oracle", "identity", "data test"
CAUGHT = (UNIT_TEST, ORACLE, IDENTITY, DATA_TEST)
# No query, too slow, changes a published table unseen, or changes no published table of any world.
BROKEN, SLOW, SURVIVED, UNREACHED = "broken", "slow", "survived", "unreached"


@dataclass(frozen=True)
class Outcome:
    """Outcome of one mutant.

    Attributes:
        mutant: The mutant as text.
        result: One of `CAUGHT`, or broken, slow, survived, unreached.
        by: The test or the cell that noticed it; for a survivor the published tables that it changed.
        before: The changed piece of the text.
        after: The same piece with the change.
    """

    mutant: str
    result: str
    by: str
    before: str
    after: str


class World:
    """One world with its checks: the oracle and the data tests."""

    def __init__(self, home: Path, project: Project) -> None:
        self.oracle = Oracle(home)  # reads the files of the home, which `Derived` closes again
        self.derived = Derived(home, project)
        self.oracle.start(self.derived)
        self.data_tests = DataTests(project, self.derived)

    def judge(self, stored: str, text: str) -> tuple[str, str]:
        """Return what becomes of a changed model in this world, and what noticed it."""
        changed: set[str] = set()
        with self.derived.undone():
            try:
                for name in self.derived.change(stored, text, self.oracle.tables):
                    changed.add(name)
                    cell = self.oracle.differing(self.derived, name)
                    if cell:
                        return ORACLE, cell
                failing = self.data_tests.failing(changed)
            except TooSlow:
                return SLOW, ""
            except duckdb.Error as error:
                return BROKEN, str(error).splitlines()[0][:200]
        if failing:
            return (IDENTITY if failing.is_identity else DATA_TEST), failing.name
        published = sorted(name for name in changed if self.derived.is_published(name))
        return (SURVIVED if published else UNREACHED), ", ".join(published or sorted(changed))


class Campaign:
    """The mutants of a project and the worlds in which they are computed.

    Attributes:
        queries: The queries of the project.
    """

    def __init__(self, homes: dict[str, Path]) -> None:
        """Derive the tables of built homes, by the name of their kind of world."""
        projects = {worlds: compiled_project(home) for worlds, home in homes.items()}
        first = next(iter(projects.values()))
        self.queries = Queries(first)
        self.unit_tests = UnitTests(first, self.queries)
        self.worlds = [World(home, projects[worlds]) for worlds, home in homes.items()]

    def judge(self, mutant: Mutant) -> Outcome:
        """Return what becomes of a mutant."""
        text, pieces = self.queries.mutated(mutant)
        failing = self.unit_tests.failing(mutant)
        if failing:
            return Outcome(str(mutant), UNIT_TEST, failing, *pieces)
        best = (UNREACHED, "")
        for world in self.worlds:
            found = world.judge(self.queries.stored[mutant.model], text)
            if best[0] == UNREACHED or found[0] in (*CAUGHT, BROKEN, SLOW):
                best = found
            if best[0] not in (SURVIVED, UNREACHED):
                break
        return Outcome(str(mutant), *best, *pieces)

    def run(self, mutants: Iterable[Mutant], file: Path, again: set[str]) -> Iterator[Outcome]:
        """Judge the mutants that the file does not hold, or whose result is to be found again, and add them to it."""
        known = {each.mutant: each for each in holding(self.queries, read_outcomes(file))}
        with file.open("a", encoding="utf-8") as outcomes:
            for mutant in mutants:
                earlier = known.get(str(mutant))
                if earlier is None or earlier.result in again:
                    outcome = self.judge(mutant)
                    outcomes.write(json.dumps(asdict(outcome)) + "\n")
                    outcomes.flush()
                    yield outcome


def holding(queries: Queries, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes of mutants that the models still have: the same change of the same text."""
    return [each for each in outcomes if queries.pieces(Mutant.of(each.mutant)) == (each.before, each.after)]


def read_outcomes(file: Path) -> list[Outcome]:
    """Return the last outcome of each mutant in a file, in the order of the mutants' first ones."""
    found: dict[str, Outcome] = {}
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            outcome = Outcome(**json.loads(line))
            found[outcome.mutant] = outcome
    return list(found.values())
