"""Great Expectations over the summary frames: one suite per frame, its results as checks, and HTML data docs.

Only this module imports Great Expectations, when it is called. Its SQL engine cannot read DuckDB 2, so it gets frames,
which stay small at any number of orders. Each audit creates a context in memory, because one of files writes and reads
every object as YAML, and only the data docs are written. Nothing is sent anywhere.
The expectations belong to `expectations`.
"""

from __future__ import annotations

import os
import shutil
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orderhouse.audit.built import rows
from orderhouse.audit.checks import EXAMPLES, AuditCheck, as_sentence, as_words
from orderhouse.audit.expectations import Expected
from orderhouse.audit.summaries import NotSummarised, Summary, read_frame

__all__ = ["run_suites"]

SEVERITIES = {"error": "critical", "warn": "warning"}


def run_suites(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    summaries: Mapping[str, Summary],
    expectations: Iterable[Expected],
) -> list[AuditCheck]:
    """Check every expectation on its summary, and write the data docs.

    Args:
        connection: The built warehouse.
        folder: Folder of the data docs (`data_docs/`), which are replaced.
        summaries: The summaries by name.
        expectations: The expectations.

    Returns:
        One check per expectation. A check whose table is missing fails.
    """
    by_summary: dict[str, list[Expected]] = {}
    for expected in expectations:
        by_summary.setdefault(expected.summary, []).append(expected)
    context = _new_context(folder)
    source = context.data_sources.add_pandas("warehouse")
    checks: list[AuditCheck] = []
    for name, group in by_summary.items():
        checks += _check_summary(connection, context, source, summaries[name], group)
    context.build_data_docs()
    return checks


def _new_context(folder: Path) -> Any:
    """Create a context of Great Expectations without analytics, with one site of data docs."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    for stale in (folder / "gx", folder / "data_docs"):
        shutil.rmtree(stale, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    context.add_data_docs_site(
        "audit",
        {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(folder / "data_docs"),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    context.delete_data_docs_site("local_site")
    return context


def _check_summary(
    connection: duckdb.DuckDBPyConnection, context: Any, source: Any, summary: Summary, group: Sequence[Expected]
) -> list[AuditCheck]:
    began = time.monotonic()
    try:
        frame = read_frame(connection, summary)
    except NotSummarised as reason:
        return [_unchecked(summary, expected, str(reason)) for expected in group]
    outcomes = _validate(context, source, summary, group, frame)
    seconds = (time.monotonic() - began) / len(group)
    return [_check(connection, summary, expected, outcomes[expected.name], seconds) for expected in group]


def _validate(context: Any, source: Any, summary: Summary, group: Sequence[Expected], frame: Any) -> dict[str, Any]:
    """Run the expectations of one summary, and return the results by check name."""
    import great_expectations as gx

    batch = source.add_dataframe_asset(summary.name).add_batch_definition_whole_dataframe("as_built")
    suite = context.suites.add(gx.ExpectationSuite(name=summary.name))
    for expected in group:
        suite.add_expectation(_expectation(expected))
    definition = gx.ValidationDefinition(name=summary.name, data=batch, suite=suite)
    definition = context.validation_definitions.add(definition)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas deprecations inside the package
        outcome = definition.run(
            batch_parameters={"dataframe": frame},
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": [str(column) for column in frame.columns],
                "include_unexpected_rows": False,
            },
        )
    return {result.expectation_config.meta["check"]: result for result in outcome.results}


def _expectation(expected: Expected) -> Any:
    import great_expectations.expectations as gxe

    expectation = getattr(gxe, expected.expectation)
    return expectation(
        **expected.arguments,
        severity=SEVERITIES[expected.severity],
        description=expected.name.replace("_", " "),
        meta={"check": expected.name},
    )


def _unchecked(summary: Summary, expected: Expected, reason: str) -> AuditCheck:
    """Return a failed check of severity `error` for an expectation that could not be evaluated."""
    detail = f"{reason} Look at the last build; run it again with --full."
    return AuditCheck(expected.name, expected.kind, summary.table, False, "error", 0, detail)


def _check(
    connection: duckdb.DuckDBPyConnection, summary: Summary, expected: Expected, outcome: Any, seconds: float
) -> AuditCheck:
    passed = bool(outcome.success)
    broke = _exception(outcome)
    return AuditCheck(
        name=expected.name,
        kind=expected.kind,
        table=summary.table,
        passed=passed,
        severity="error" if broke else expected.severity,
        failed_rows=0 if passed else int(outcome.result.get("unexpected_count", 0)),
        detail=_detail(expected, passed, broke),
        examples=() if passed or broke else _examples(connection, expected, outcome),
        seconds=seconds,
    )


def _detail(expected: Expected, passed: bool, broke: str | None) -> str:
    if broke:
        return f"The expectation did not run: {broke}"
    return as_sentence(expected.name) if passed else expected.meaning


def _exception(outcome: Any) -> str | None:
    """Return the error of an expectation that could not be evaluated; None if it was."""
    exceptions = outcome.exception_info or {}
    for info in (exceptions, *(value for value in exceptions.values() if isinstance(value, dict))):
        if info.get("raised_exception"):
            return str(info.get("exception_message"))
    return None


def _examples(connection: duckdb.DuckDBPyConnection, expected: Expected, outcome: Any) -> tuple[str, ...]:
    if expected.examples:
        found = rows(connection, f"select * from ({expected.examples}) limit {EXAMPLES}")  # noqa: S608 - queries of this package
    else:
        found = outcome.result.get("unexpected_index_list") or []
    return tuple(as_words(row) for row in found[:EXAMPLES])
