"""Derived tables of a world in memory, and what a changed model makes of them.

All models are computed once. A mutant is computed within a transaction that is rolled back: the changed model, then
every model that reads a table that came out different.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
from orderhouse.settings import Settings
from orderhouse.storage.sql_names import quote

from tests.mutation.compiled import Project

__all__ = ["Derived", "TooSlow"]

# Seconds after which one statement is stopped. The slowest unchanged one takes well under one.
LIMIT = 20.0
# Schemas of the published file that people and pages read.
PUBLISHED = ("marts", "ops", "quality")
Hash = tuple[int, int]


class TooSlow(Exception):
    """A statement of a mutant that ran into the limit of time."""


class Derived:
    """All tables of a home, computed in memory.

    Attributes:
        connection: The database; all models are in its catalog `warehouse`.
        project: The compiled project.
        hashes: Row count and content hash of every table.
    """

    def __init__(self, home: Path, project: Project) -> None:
        settings = Settings(home=home)
        self.project = project
        self.connection = duckdb.connect()
        run = self.connection.execute
        run("set TimeZone = 'UTC'")
        run("set threads = 1")
        files = {"raw": settings.raw_db, "predictions": settings.predictions_db, "warehouse": settings.warehouse_db}
        for catalog, path in files.items():
            run(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as held (read_only)")
            run(f"attach ':memory:' as {catalog}")
            run(f"copy from database held to {catalog}")
            run("detach held")
        run("use warehouse")
        self.hashes: dict[str, Hash] = {}
        for name, model in project.models.items():
            run(f"create schema if not exists {quote(model.schema)}")
            self._create(name, model.sql)
            self.hashes[name] = self._hash(name)

    def place(self, name: str) -> str:
        """Return the quoted schema and table of a model."""
        return f"{quote(self.project.models[name].schema)}.{quote(name)}"

    def is_published(self, name: str) -> bool:
        """Return true for a table of the published file that people read."""
        return self.project.models[name].schema in PUBLISHED

    @contextlib.contextmanager
    def undone(self) -> Iterator[None]:
        """Undo everything that is computed in between."""
        self.connection.execute("begin")
        try:
            yield
        finally:
            with contextlib.suppress(duckdb.Error):  # an error may have ended the transaction
                self.connection.execute("rollback")

    def change(self, changed: str, text: str, first: Collection[str] = ()) -> Iterator[str]:
        """Compute a changed model and all that hangs on it, and return the names of tables that come out different.

        Args:
            changed: The stored model.
            text: Its changed query, with marks for the values of the build.
            first: Tables that are computed before others, as soon as what they read is there.

        Raises:
            duckdb.Error: A query fails.
            TooSlow: A query takes too long.
        """
        different: set[str] = set()
        for name in self._order(changed, first):
            model = self.project.models[name]
            if name != changed and different.isdisjoint(model.reads):
                continue
            with self._limited():
                self._create(name, text if name == changed else model.sql)
                is_different = self._hash(name) != self.hashes[name]
            if is_different:
                different.add(name)
                yield name

    def _order(self, changed: str, first: Collection[str]) -> list[str]:
        """Return a model and all that hangs on it, each after what it reads, with the nearest of some tables first."""
        models = self.project.models
        hanging = {changed}
        for name, model in models.items():
            if not hanging.isdisjoint(model.reads):
                hanging.add(name)
        ways = {}
        for target in {changed, *first} & hanging:
            between = {target}
            for name in reversed(models):
                if name in between:
                    between.update(hanging.intersection(models[name].reads))
            ways[target] = [name for name in models if name in between]
        nearest = sorted(ways, key=lambda target: (len(ways[target]), target))
        return list(
            dict.fromkeys([*(name for each in nearest for name in ways[each]), *(m for m in models if m in hanging)])
        )

    def _create(self, name: str, query: str) -> None:
        model = self.project.models[name]
        kind = "view" if model.is_view else "table"
        text = replace(model, sql=query).text(self.project.values)
        text = text.replace('"work".', '"warehouse".')
        self.connection.execute(f"create or replace {kind} {self.place(name)} as {text}")

    def _hash(self, name: str) -> Hash:
        found = self.connection.execute(
            f"select count(*), coalesce(sum(hash(held)::hugeint), 0) from {self.place(name)} as held"
        ).fetchone()
        assert found is not None
        return int(found[0]), int(found[1])

    @contextlib.contextmanager
    def _limited(self) -> Iterator[None]:
        timer = threading.Timer(LIMIT, self.connection.interrupt)
        timer.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise TooSlow from error
        finally:
            timer.cancel()
