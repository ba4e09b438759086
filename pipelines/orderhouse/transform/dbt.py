"""dbt in this process: the project's manifest, prepared once, and commands run on it with their events passed on.

A dbt subprocess costs four seconds of imports; a process that already holds dbt builds a model in a fifth of one. The
project is parsed once without variables (those of a run would void the partial parse), and every command is then
given that manifest. The import happens inside the functions, so that only who runs dbt pays for it. When to build or
test what is decided elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orderhouse.errors import OrderhouseError
from orderhouse.packaged import packaged
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.transform.fingerprint import project_hash

__all__ = [
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
# What dbt is told the home is while it parses, where it opens nothing: of another home's path it would parse anew.
NO_HOME = Path("home")

_parsed: dict[str, Any] = {}


class DbtFailed(OrderhouseError):
    """dbt could not read the project."""


@dataclass(frozen=True)
class ModelEvent:
    """Something happened to one model, seed or test.

    Attributes:
        unique_id: dbt's name of the node.
        schema: Its schema, such as `marts`.
        name: Its table, such as `fct_orders`.
        kind: `model`, `seed` or `test`.
        status: `started`, `success`, `error`, `skipped` or, for tests, `pass`, `warn`, `fail`.
        seconds: How long it took; 0 when it starts.
        message: What dbt says about it; for a failure, the database's words.
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
        """`schema/table`, which is also its asset key."""
        return f"{self.schema}/{self.name}"


def project_folder() -> Path:
    """Return the folder of the dbt project."""
    return packaged("dbt_project")


def target_folder(settings: Settings) -> Path:
    """Where dbt keeps its artefacts for this home."""
    return settings.home / "dbt"


def prepare_manifest(settings: Settings) -> Path:
    """Make sure that the manifest file is of the project as it is now; dbt is only imported if it is not.

    Returns:
        Path of the manifest, as Dagster reads it.

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


def parsed_project(settings: Settings) -> Any:
    """The project as dbt's `Manifest`; parsed once per process and state of its files, for whatever home.

    Raises:
        DbtFailed: The project does not parse.
    """
    key = f"{project_folder()}:{project_hash(project_folder())}"
    if key not in _parsed:
        outcome = _call(settings, ["parse", "--no-write-json"], manifest=None, callbacks=[])
        if not outcome.success:
            raise DbtFailed(f"The dbt project {project_folder()} does not parse: {in_words(outcome.exception)}")
        _parsed[key] = outcome.result
    return _parsed[key]


def relations(settings: Settings) -> dict[str, str]:
    """`"database"."schema"."table"` of every model, seed and source, by unique id."""
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
) -> Any:
    """Run one dbt command on the warehouse of these settings; its files are closed when it returns.

    Args:
        settings: Where the warehouse lives.
        command: Such as `["run", "--select", "fct_orders"]`.
        variables: dbt variables.
        secrets: Further variables that must not appear in any log.
        on_event: Told of each node that starts or ends.

    Returns:
        dbt's `dbtRunnerResult`: success, exception and results by node.
    """
    hidden = dict(secrets or {})
    given = json.dumps({**variables, **hidden})
    manifest = parsed_project(settings)
    _forget_compiled(manifest)
    # run_results.json would repeat the variables, secrets among them.
    arguments = [*command, "--no-write-json", "--vars", given]
    callbacks = [_listener(on_event)] if on_event else []
    return _call(settings, arguments, manifest=manifest, callbacks=callbacks, secrets=hidden)


def in_words(exception: object) -> str:
    """What dbt says went wrong, on one line."""
    return " ".join(str(exception).split()) if exception else "dbt gave no reason"


def _forget_compiled(manifest: Any) -> None:
    """Mark every node as not compiled.

    dbt compiles into the manifest it is given, and takes an ephemeral model that is compiled as it is: a second command
    in this process would filter by the watermarks of the first.
    """
    for node in manifest.nodes.values():
        if getattr(node, "compiled", False):
            node.compiled, node.extra_ctes_injected, node.extra_ctes = False, False, []


def _call(
    settings: Settings,
    arguments: list[str],
    *,
    manifest: Any,
    callbacks: list[Callable[[Any], None]],
    secrets: Mapping[str, str] | None = None,
) -> Any:
    from dbt.cli.main import dbtRunner

    target_folder(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.logs.mkdir(parents=True, exist_ok=True)
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    hidden = {f"{SCRUBBED_PREFIX}{name.upper()}": value for name, value in (secrets or {}).items()}
    told = {"ORDERHOUSE_HOME": str(settings.home if manifest else NO_HOME)}
    if settings.memory_limit:
        told["ORDERHOUSE_MEMORY_LIMIT"] = settings.memory_limit
    with _environment({**told, **hidden}):
        try:
            return dbtRunner(manifest=manifest, callbacks=callbacks).invoke([*arguments, *_options(settings)])
        finally:
            _close_warehouse()


def _options(settings: Settings) -> list[str]:
    project = project_folder()
    return [
        f"--project-dir={project}",
        f"--profiles-dir={project}",
        f"--target-path={target_folder(settings)}",
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
    """What dbt can only be told through the environment, for as long as it runs."""
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
    """dbt-duckdb keeps its connection for a next command; the files must be free for the steps that follow."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    held = DuckDBConnectionManager._ENV
    if held is not None:
        held.close()
    DuckDBConnectionManager.close_all_connections()


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
    """DuckDB's own count of a table's rows, on dbt's open connection: nothing is scanned."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    held = getattr(DuckDBConnectionManager._ENV, "conn", None)
    if held is None:
        return None
    found = held.cursor().execute(
        "select estimated_size from duckdb_tables() where database_name = ? and schema_name = ? and table_name = ?",
        [relation.database, relation.schema, relation.alias],
    )
    row = found.fetchone()
    return int(row[0]) if row else None
