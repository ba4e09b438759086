"""Resource of all assets: a warehouse, the options of one run, and the results of its steps so far."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import dagster as dg
from orderhouse.audit import AuditResult
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.results import IngestResult
from orderhouse.predict.running import Predicted
from orderhouse.rules.running import RulesRun
from orderhouse.serve.publishing import PublishedVersion
from orderhouse.settings import Settings
from orderhouse.storage.machine_errors import machine_problem
from orderhouse.storage.warehouse import run_lock
from orderhouse.transform import BuildResult
from orderhouse.transform.clock_policy import ClockChoice

__all__ = ["Warehouse", "WarehouseParam", "warehouse_resource"]

# Time that a step started by Dagster waits for a run started by hand.
PATIENCE_SECONDS = 600.0


@dataclass
class Warehouse:
    """A warehouse during one run.

    Attributes:
        settings: Settings of the home.
        as_of: The clock: `now`, `data` or an instant; None for the clock policy of the home.
        full: True to build from empty files.
        train: True to let the predictors of the daily rhythm compute too.
        is_held: True if the caller holds the run lock for the whole run; otherwise each step takes it.
        show_status: Called with a short text about the present step.
        error: The error of a step that a user can correct.
        ingested: Result of the ingest, if it has ended.
        clock: Clock of the build, once it has begun.
        built: Result of the build, if it has ended.
        predicted: Result of the predictors, if they have run.
        audited: Result of the audit, if it has ended.
        published: The published version, if publication has ended.
        ruled: What the rules did, if they have run.
        rules_problem: Why the rules could not run.
    """

    settings: Settings
    as_of: str | None = None
    full: bool = False
    train: bool = False
    is_held: bool = False
    show_status: Callable[[str], None] = lambda text: None
    error: OrderhouseError | None = None
    ingested: IngestResult | None = None
    clock: ClockChoice | None = None
    built: BuildResult | None = None
    predicted: Predicted | None = None
    audited: AuditResult | None = None
    published: PublishedVersion | None = None
    ruled: RulesRun | None = None
    rules_problem: str | None = None

    def results(self) -> dict[str, object]:
        """Return the result of each step that has ended, in the order of the steps."""
        results = {
            "ingest": self.ingested,
            "build": self.built,
            "clock": self.clock,
            "predict": self.predicted,
            "audit": self.audited,
            "publish": self.published,
            "rules": self.ruled,
            "rules_problem": self.rules_problem,
        }
        return {step: result for step, result in results.items() if result is not None}

    @contextlib.contextmanager
    def step(self, purpose: str) -> Iterator[Settings]:
        """Hold the run lock for one step. An error that a user can correct fails the step with its message alone."""
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
        dg.Noneable(str),
        default_value=None,
        description="The clock: null for that of the home; now or data, which later runs keep; or an ISO-8601 instant "
        "with an offset, for this run only.",
    ),
    "full": dg.Field(bool, default_value=False, description="Build every table from empty files."),
    "train": dg.Field(bool, default_value=False, description="Train the forecasts too, as the daily schedule does."),
}


def warehouse_resource(settings: Settings) -> dg.ResourceDefinition:
    """Return the resource for schedules, sensors and the launchpad: a plain `Warehouse` per run."""

    @dg.resource(config_schema=CONFIG, description="The warehouse, with the options of a run.")
    def warehouse(context: dg.InitResourceContext) -> Warehouse:
        return Warehouse(settings, **context.resource_config)

    return warehouse
