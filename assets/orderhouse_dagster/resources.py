"""The one resource: a warehouse, how this run is to treat it, and what its steps have done so far."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import dagster as dg
from orderhouse.audit import AuditResult
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.results import IngestResult
from orderhouse.serve.publishing import PublishedVersion
from orderhouse.settings import Settings
from orderhouse.storage.machine_errors import machine_problem
from orderhouse.storage.warehouse import run_lock
from orderhouse.transform import BuildResult

__all__ = ["Warehouse", "WarehouseParam", "warehouse_resource"]

# How long a step started by Dagster waits for a run started by hand.
PATIENCE_SECONDS = 600.0


@dataclass
class Warehouse:
    """A warehouse during one run.

    Attributes:
        settings: Where it lives.
        as_of: The clock: `now`, `data` or an instant.
        full: Whether to build from empty files.
        is_held: Whether whoever started the run holds the lock for all of it; otherwise each step takes it.
        say: Told in a few words what is going on.
        error: What a step ended with, if it was something that a user can put right.
    """

    settings: Settings
    as_of: str = "now"
    full: bool = False
    is_held: bool = False
    say: Callable[[str], None] = lambda words: None
    error: OrderhouseError | None = None
    ingested: IngestResult | None = None
    built: BuildResult | None = None
    audited: AuditResult | None = None
    published: PublishedVersion | None = None

    def results(self) -> dict[str, object]:
        """Return the result of each step that has ended, in the order of the steps."""
        results = {
            "ingest": self.ingested,
            "build": self.built,
            "audit": self.audited,
            "publish": self.published,
        }
        return {step: result for step, result in results.items() if result is not None}

    @contextlib.contextmanager
    def step(self, purpose: str) -> Iterator[Settings]:
        """Hold the warehouse for one step; what a user can put right fails the step with its sentence alone."""
        lock = (
            contextlib.nullcontext()
            if self.is_held
            else run_lock(self.settings, purpose, wait_seconds=PATIENCE_SECONDS)
        )
        try:
            with lock:
                yield self.settings
        except OrderhouseError as error:
            self.error = error
            raise dg.Failure(description=error.message, allow_retries=False) from error
        except Exception as error:
            problem = machine_problem(error)
            if problem is None:
                raise
            self.error = problem
            raise dg.Failure(description=problem.message, allow_retries=False) from error


WarehouseParam = dg.ResourceParam[Warehouse]

CONFIG = {
    "as_of": dg.Field(
        str, default_value="now", description="The clock: now, data, or an ISO-8601 instant with an offset."
    ),
    "full": dg.Field(bool, default_value=False, description="Build every table from empty files."),
}


def warehouse_resource(settings: Settings) -> dg.ResourceDefinition:
    """The resource as schedules, sensors and the launchpad use it: a plain `Warehouse` per run."""

    @dg.resource(config_schema=CONFIG, description="The warehouse and how a run is to treat it.")
    def warehouse(context: dg.InitResourceContext) -> Warehouse:
        return Warehouse(settings, as_of=context.resource_config["as_of"], full=context.resource_config["full"])

    return warehouse
