"""One audit of the last build: run data tests and expectations, and store the result.

The caller holds the run lock. This module neither publishes nor refuses; `orderhouse.serve` reads the stored verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from orderhouse.audit.built import open_built
from orderhouse.audit.checks import AuditResult
from orderhouse.audit.data_tests import data_tests
from orderhouse.audit.expectations import EXPECTATIONS
from orderhouse.audit.recording import audit_folder, save_result, save_table
from orderhouse.audit.row_tests import explain_tests, run_tests
from orderhouse.audit.suite import run_suites
from orderhouse.audit.summaries import SUMMARIES
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.transform import ModelEvent, build_variables, load_record

__all__ = ["audit"]


def audit(
    settings: Settings, *, full: bool = False, on_event: Callable[[ModelEvent], None] | None = None
) -> AuditResult:
    """Check the tables of the last build.

    Tests of single orders cover the orders that were computed after the last batch whose tables passed an audit. After
    a full build they cover every order.

    Args:
        settings: Settings of the home.
        full: True to cover every order in any case.
        on_event: Called for each data test when it starts and when it ends.

    Returns:
        All checks. They are also written to `quality.audit` and `<home>/audit/latest.json`, and as pages to
        `<home>/audit/data_docs`.

    Raises:
        OrderhouseError: There is no finished build, or the checks could not be run.
    """
    record = load_record(settings)
    if record is None or not record.is_whole:
        raise OrderhouseError(f"There is no finished build in {settings.home}. Run `orderhouse build` first.")
    variables = {**build_variables(record), "audited_batch_id": -1 if full else record.audited_batch_id}
    tests = data_tests(settings, variables)
    with open_built(settings) as connection:
        checks = explain_tests(connection, run_tests(connection, tests, on_event=on_event))
        checks += run_suites(connection, audit_folder(settings), SUMMARIES, EXPECTATIONS)
        checked_at = datetime.now(UTC).replace(microsecond=0)
        result = AuditResult(record.build_id, record.batch_id, checked_at, tuple(checks))
        save_table(connection, result)
    save_result(settings, result)
    return result
