"""dbt in this process: prepare the project's manifest once, and run commands on it with their events passed on.

A dbt subprocess takes four seconds for imports; a process that has dbt imported builds a model in 0.2 s. The project is
parsed once without variables, because those of a run would invalidate the partial parse, and every command gets that
manifest. dbt is imported inside the functions, so that only commands that run dbt pay for it. `building` and
`orderhouse.audit` decide what is run.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from orderhouse.errors import OrderhouseError
from orderhouse.packaged import packaged
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.predictions import create_missing
from orderhouse.storage.sql_names import quote
from orderhouse.transform.fingerprint import project_hash
from orderhouse.transform.shortcuts import shortcuts

__all__ = [
    "DUCKDB",
    "SPARK",
    "DbtFailed",
    "ModelEvent",
    "in_words",
    "invoke",
    "parsed_project",
    "prepare_manifest",
    "project_folder",
    "relations",
    "target_folder",
]

# dbt replaces the values of environment variables with this prefix by asterisks in everything it logs.
SCRUBBED_PREFIX = "DBT_ENV_SECRET_"
# The home that dbt gets while it parses and opens nothing. With the real path it would parse again for each home.
NO_HOME = Path("home")

# Targets of `profiles.yml`. Names of tables are part of a parsed project, so each target has its own.
DUCKDB, SPARK = "embedded", "spark"

# dbt's name of the logger that writes its log file.
LOGGER_OF_FILE = "file_log"

_parsed: dict[str, Any] = {}


class DbtFailed(OrderhouseError):
    """The dbt project does not parse."""


@dataclass(frozen=True)
class ModelEvent:
    """Start or end of one model, seed or test.

    Attributes:
        unique_id: dbt's name of the node.
        schema: Its schema, such as `marts`.
        name: Its table, such as `fct_orders`.
        kind: `model`, `seed` or `test`.
        status: `started`, `success`, `error`, `skipped` or, for tests, `pass`, `warn`, `fail`.
        seconds: Duration in seconds; 0 when it starts.
        message: dbt's message; for a failure, the database's error.
        rows: Rows of a stored table that was just computed.
    """

    unique_id: str
    schema: str
    name: str
    kind: str
    status: str
    seconds: float = 0.0
    message: str = ""
    rows: int | None = None

    @property
    def table(self) -> str:
        """Return `schema/table`, which is also the asset key."""
        return f"{self.schema}/{self.name}"


class RecordsStatements(Protocol):
    """Recorder of the statements that dbt executes for each node."""

    def hear(self, event: ModelEvent) -> None:
        """Note the start or the end of a node."""

    def recording(self) -> contextlib.AbstractContextManager[None]:
        """Record while dbt runs."""


def project_folder() -> Path:
    """Return the folder of the dbt project."""
    return packaged("dbt_project")


def target_folder(settings: Settings) -> Path:
    """Return the folder of dbt's artefacts for this home."""
    return settings.home / "dbt"


def prepare_manifest(settings: Settings) -> Path:
    """Write the manifest file if the project changed since it was written. dbt is imported only then.

    Returns:
        The path of the manifest, as Dagster reads it.

    Raises:
        DbtFailed: The project does not parse.
    """
    file = target_folder(settings) / "orderhouse-manifest.json"
    stamp = target_folder(settings) / "orderhouse-manifest.sha256"
    current = project_hash(project_folder())
    if not file.exists() or not stamp.exists() or stamp.read_text(encoding="utf-8") != current:
        manifest = parsed_project(settings)
        stamp.unlink(missing_ok=True)
        manifest.writable_manifest().write(str(file))
        write_atomically(stamp, current)
    return file


def parsed_project(settings: Settings, target: str = DUCKDB) -> Any:
    """Return the project as dbt's `Manifest`; it is parsed once per process and state of its files, for all homes.

    Raises:
        DbtFailed: The project does not parse.
    """
    prefix = settings.engine.schema_prefix if target == SPARK else ""
    key = f"{project_folder()}:{project_hash(project_folder())}:{target}:{prefix}"
    if key not in _parsed:
        outcome = _call(settings, ["parse", "--no-write-json"], manifest=None, callbacks=[], target=target)
        if not outcome.success:
            raise DbtFailed(f"The dbt project {project_folder()} does not parse: {in_words(outcome.exception)}")
        if target == SPARK:
            _store_steps(outcome.result)
        _parsed[key] = outcome.result
    return _parsed[key]


def _store_steps(manifest: Any) -> None:
    """Make tables of the steps of models.

    Spark puts a CTE in the place of each reference to it. The plan of a model with 21 steps took more than the 2 GB of
    a driver. A step that is stored is computed once.
    """
    for node in manifest.nodes.values():
        if node.config.get("step_of") and node.config.materialized == "ephemeral":
            node.config.materialized = "table"
            node.relation_name = f"{node.schema}.{node.alias}"


def relations(settings: Settings) -> dict[str, str]:
    """Return `"database"."schema"."table"` of every model, seed and source, by unique id."""
    manifest = parsed_project(settings)
    nodes = {**manifest.nodes, **manifest.sources}
    return {unique_id: node.relation_name for unique_id, node in nodes.items() if getattr(node, "relation_name", None)}


def invoke(
    settings: Settings,
    command: Sequence[str],
    *,
    variables: Mapping[str, object],
    secrets: Mapping[str, str] | None = None,
    on_event: Callable[[ModelEvent], None] | None = None,
    target: str = DUCKDB,
    recorder: RecordsStatements | None = None,
) -> Any:
    """Run one dbt command on the warehouse of these settings. Its files are closed when the command ends.

    Args:
        settings: Settings of the home.
        command: The command, such as `["run", "--select", "fct_orders"]`.
        variables: dbt variables.
        secrets: Further variables that must not appear in any log.
        on_event: Called for each node when it starts and when it ends.
        target: The target of `profiles.yml`.
        recorder: Records what each node executes. The variables then have marks, also in the place of the secrets.

    Returns:
        dbt's `dbtRunnerResult`: success, exception and results by node.
    """
    hidden = dict(secrets or {})
    given = json.dumps({**hidden, **variables})
    manifest = parsed_project(settings, target)
    _forget_compiled(manifest)
    create_missing(settings)
    # run_results.json would contain the variables, including the secrets.
    arguments = [*command, "--no-write-json", "--vars", given]
    callbacks = [_listener(hear) for hear in (recorder.hear if recorder else None, on_event) if hear]
    with recorder.recording() if recorder else contextlib.nullcontext():
        return _call(settings, arguments, manifest=manifest, callbacks=callbacks, secrets=hidden, target=target)


def in_words(exception: object) -> str:
    """Return an error of dbt on one line."""
    return " ".join(str(exception).split()) if exception else "dbt gave no reason"


def _forget_compiled(manifest: Any) -> None:
    """Mark every node as not compiled.

    dbt stores compiled SQL in the manifest and reuses that of ephemeral models. A second command in this process would
    otherwise filter by the watermarks of the first. A seed has no SQL.
    """
    for node in manifest.nodes.values():
        if getattr(node, "compiled", False) and node.resource_type != "seed":
            node.compiled, node.extra_ctes_injected, node.extra_ctes = False, False, []


def _call(
    settings: Settings,
    arguments: list[str],
    *,
    manifest: Any,
    callbacks: list[Callable[[Any], None]],
    secrets: Mapping[str, str] | None = None,
    target: str = DUCKDB,
) -> Any:
    from dbt.cli.main import dbtRunner

    target_folder(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.logs.mkdir(parents=True, exist_ok=True)
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    hidden = {f"{SCRUBBED_PREFIX}{name.upper()}": value for name, value in (secrets or {}).items()}
    variables = _profile_variables(settings) if manifest else {"ORDERHOUSE_HOME": str(NO_HOME)}
    if target == SPARK:
        variables |= _spark_variables(settings)
    with _environment({**variables, **hidden}), shortcuts():
        try:
            return dbtRunner(manifest=manifest, callbacks=callbacks).invoke([*arguments, *_options(settings, target)])
        finally:
            _close_warehouse()
            _close_log()


def _profile_variables(settings: Settings) -> dict[str, str]:
    """Return what `profiles.yml` reads from the environment. A change of it makes dbt parse the project again."""
    return {
        "ORDERHOUSE_HOME": str(settings.home),
        "ORDERHOUSE_MEMORY_LIMIT": settings.memory_limit,
        "ORDERHOUSE_THREADS": str(settings.threads or os.cpu_count() or 1),
    }


def _spark_variables(settings: Settings) -> dict[str, str]:
    engine = settings.engine
    return {
        f"{SCRUBBED_PREFIX}SPARK_REMOTE": engine.remote.get_secret_value(),
        "ORDERHOUSE_SPARK_THREADS": str(engine.threads),
        # Spark knows schemas alone, which it may share with others; DuckDB has a database file for each source.
        "ORDERHOUSE_SCHEMA_PREFIX": f"{engine.schema_prefix}_",
        "ORDERHOUSE_RAW_DATABASE": "",
        "ORDERHOUSE_PREDICTIONS_DATABASE": "",
    }


def _options(settings: Settings, target: str) -> list[str]:
    project = project_folder()
    # The parsed project of another target is kept apart, else each would make the other's useless.
    artefacts = target_folder(settings) if target == DUCKDB else target_folder(settings) / target
    return [
        f"--project-dir={project}",
        f"--profiles-dir={project}",
        f"--target={target}",
        f"--target-path={artefacts}",
        f"--log-path={settings.logs}",
        "--log-level=none",
        "--log-level-file=info",
        "--no-use-colors",
        "--no-use-colors-file",
        "--no-send-anonymous-usage-stats",
        "--no-version-check",
    ]


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables while dbt runs, for options that it reads from there only."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _close_warehouse() -> None:
    """Close the connection that dbt-duckdb keeps for a next command, since later steps need the files."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    held = DuckDBConnectionManager._ENV
    if held is not None:
        held.close()
    DuckDBConnectionManager.close_all_connections()


def _close_log() -> None:
    """Close dbt's log file, which dbt leaves to the end of the process; each command opens it anew."""
    from dbt_common.events.event_manager_client import cleanup_event_logger

    cleanup_event_logger()
    for handler in logging.getLogger(LOGGER_OF_FILE).handlers[:]:
        logging.getLogger(LOGGER_OF_FILE).removeHandler(handler)
        handler.close()


def _listener(on_event: Callable[[ModelEvent], None]) -> Callable[[Any], None]:
    def listen(message: Any) -> None:
        if message.info.name == "NodeStart":
            on_event(_started(message.data.node_info))
        elif message.info.name == "NodeFinished":
            on_event(_ended(message.data.node_info, message.data.run_result))

    return listen


def _started(node: Any) -> ModelEvent:
    relation = node.node_relation
    return ModelEvent(node.unique_id, relation.schema, relation.alias or node.node_name, node.resource_type, "started")


def _ended(node: Any, result: Any) -> ModelEvent:
    is_stored = node.resource_type in ("model", "seed") and node.materialized != "view"
    return replace(
        _started(node),
        status=str(result.status),
        seconds=float(result.execution_time),
        message=str(result.message),
        rows=_rows(node.node_relation) if is_stored and str(result.status) == "success" else None,
    )


def _rows(relation: Any) -> int | None:
    """Return the number of a table's rows, on dbt's open connection. DuckDB knows it without a scan."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    held = getattr(DuckDBConnectionManager._ENV, "conn", None)
    if held is None:
        return None
    table = ".".join(quote(part) for part in (relation.database, relation.schema, relation.alias))
    row = held.cursor().execute(f"select count(*) from {table}").fetchone()  # noqa: S608 - a quoted name
    return int(row[0]) if row else None
