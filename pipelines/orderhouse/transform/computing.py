"""Computation of the tables of one build: by kept statements, by dbt on DuckDB, or by dbt on Spark.

dbt computes the first full build after a change of the definitions, and the first increment. Their statements are kept
and compute later builds. When a build begins and how it is recorded belongs to `building`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord
from orderhouse.storage.machine_errors import machine_problem
from orderhouse.transform.dbt import ModelEvent, in_words, invoke, prepare_manifest
from orderhouse.transform.kept_builds import record_versions, run_full, run_increment
from orderhouse.transform.manifest import prediction_models, read_manifest
from orderhouse.transform.plan import Plan
from orderhouse.transform.statements import KeptStatements, Recorder, kept_statements, marked_variables
from orderhouse.transform.variables import build_variables
from orderhouse.transform.versions import forget_versions

__all__ = ["BuildFailed", "Computation"]

# dbt compiles an ephemeral model with the model that reads it; as a node of its own it would cost 25 ms for nothing.
EPHEMERAL = "config.materialized:ephemeral"
VIEWS = "config.materialized:view"


class BuildFailed(OrderhouseError):
    """A model could not be computed. Nothing is published."""


@dataclass
class Computation:
    """Computation of one build.

    Attributes:
        settings: Settings of the home.
        record: The record of the build.
        plan: The plan of the build.
        salt: Salt of tracking ids.
        on_event: Called for each model when it starts and when it ends.
        ended: Events of the models that ended.
    """

    settings: Settings
    record: BuildRecord
    plan: Plan
    salt: str
    on_event: Callable[[ModelEvent], None] | None
    ended: list[ModelEvent] = field(default_factory=list)

    def run(self) -> list[str]:
        """Compute the tables here, and return those that were skipped because nothing that they read had changed.

        Raises:
            BuildFailed: Models failed.
        """
        kept = self._kept()
        skipped = self._run_kept(kept) if kept else None
        if skipped is None:
            self._run_dbt()
        return skipped or []

    def run_on_spark(self, begin: Callable[[], None], replace_files: Callable[[], None]) -> None:
        """Compute every table on Spark, and bring them back.

        The files stay as they are until the cluster has computed everything.

        Args:
            begin: Called once the cluster answers.
            replace_files: Called before the tables come back; removes the files of the last build.

        Raises:
            BuildFailed: Models failed.
        """
        from orderhouse.transform.on_spark import spark_engine  # brings pyarrow, which a build on DuckDB does not need

        secrets = {"tracking_salt": self.salt}
        with spark_engine(self.settings) as engine:
            begin()
            outcome = engine.compute(self.record, secrets, self._observe)
            if not outcome.success:
                raise self._failure(outcome.exception)
            replace_files()
            engine.bring_back(self.record, secrets)

    def _observe(self, event: ModelEvent) -> None:
        if event.status != "started":
            self.ended.append(event)
            checkpoint("build_model")
        if self.on_event:
            self.on_event(event)

    def _kept(self) -> KeptStatements | None:
        """Return the kept statements that the plan needs, if there are any.

        After new predictions, rows may have been received that no build has read. They are left to the next build.
        """
        kept = kept_statements(self.settings, self.record, "full" if self.plan.extent == "full" else "increment")
        if kept is None or self.plan.extent != "predictions":
            return kept
        reading = prediction_models(read_manifest(prepare_manifest(self.settings)))
        return replace(kept, models=tuple(each for each in kept.models if each.unique_id.rpartition(".")[2] in reading))

    def _run_kept(self, kept: KeptStatements) -> list[str] | None:
        """Run the kept statements, and return the skipped tables; None if dbt has to compute the tables."""
        run = run_full if self.plan.extent == "full" else run_increment
        outcome = run(self.settings, kept, self.record.build_id, self._values(), self._observe)
        if outcome is None:
            return None
        if outcome.failed:
            raise self._failure(None)
        return outcome.skipped

    def _values(self) -> dict[str, object]:
        return {**build_variables(self.record), "tracking_salt": self.salt}

    def _run_dbt(self) -> None:
        """Run dbt. If it computes every model, keep their statements for later builds, and record the versions."""
        variables: dict[str, object] = {**build_variables(self.record)}
        recorder = self._recorder()
        if self.plan.extent != "full":
            forget_versions(self.settings)
        outcome = invoke(
            self.settings,
            self._command(),
            variables=marked_variables(variables) if recorder else variables,
            secrets={"tracking_salt": self.salt},
            on_event=self._observe,
            recorder=recorder,
        )
        if not outcome.success:
            raise self._failure(outcome.exception)
        kept = recorder.keep(self.settings, self.record) if recorder else None
        if kept:
            record_versions(self.settings, kept, self.record.build_id, self._values())

    def _recorder(self) -> Recorder | None:
        if self.plan.extent == "predictions":
            return None
        return Recorder("full" if self.plan.extent == "full" else "increment", self._values())

    def _command(self) -> list[str]:
        """Return the dbt command.

        Another clock computes every model once; after that, kept statements compute those that it changes. Seeds and
        views change only with the definitions, and then the build is a full one. So other builds leave out seeds, and
        also views if they exist.
        """
        if self.plan.extent == "predictions":
            return ["run", "--select", *prediction_models(read_manifest(prepare_manifest(self.settings)))]
        if self.plan.extent == "full":
            return ["build", "--resource-type", "seed", "--resource-type", "model", "--exclude", EPHEMERAL]
        return ["run", "--exclude", EPHEMERAL, *([VIEWS] if self.plan.has_views else [])]

    def _failure(self, exception: object) -> OrderhouseError:
        """Return the error of a build whose models failed, or of the machine if that is the cause."""
        failure = BuildFailed(self._explain(exception))
        return machine_problem(failure) or failure

    def _explain(self, exception: object) -> str:
        failed = [event for event in self.ended if event.status == "error"]
        if not failed:
            return f"dbt could not run: {in_words(exception)} Its log is in {self.settings.logs}."
        details = "\n".join(f"  {event.schema}.{event.name}: {_in_words(event.message)}" for event in failed)
        models = "one table" if len(failed) == 1 else f"{len(failed)} tables"
        return f"The build failed at {models}. The published version is unchanged.\n{details}"


def _in_words(message: str) -> str:
    """Return the error of a model; a number that does not fit its type is explained by the rows received."""
    if "to type DECIMAL" not in message:
        return in_words(message)
    return (
        "a sum or product has more than 14 digits before the point. A received amount, quantity or rate must be wrong. "
        "Correct its record and send it again."
    )
