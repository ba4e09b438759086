"""Result of an audit: one check, all checks of one build, and their texts for people.

This module holds plain data. Running checks belongs to `row_tests` and `suite`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

__all__ = ["EXAMPLES", "AuditCheck", "AuditResult", "as_sentence", "as_words"]

Kind = Literal["dbt_test", "expectation", "reconciliation"]
Severity = Literal["error", "warn"]

# Rows shown of a failing check.
EXAMPLES = 5


@dataclass(frozen=True)
class AuditCheck:
    """One check and its outcome.

    Attributes:
        name: Name of the check, unique in one audit.
        kind: `dbt_test` (rows), `expectation` (days, feeds, words) or `reconciliation` (two ways to one number).
        table: `schema.table` that was checked.
        passed: True if the check holds.
        severity: A failed `error` refuses the build, a failed `warn` is shown.
        failed_rows: Number of failing rows of the table or the summary; 0 if it passed.
        detail: One or two sentences: the rule that holds or, if it fails, the problem and where to look.
        examples: Up to five failing rows as `column=value` text.
        seconds: Duration of the check.
    """

    name: str
    kind: Kind
    table: str
    passed: bool
    severity: Severity
    failed_rows: int = 0
    detail: str = ""
    examples: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def refuses(self) -> bool:
        """Return True if the check refuses the build."""
        return not self.passed and self.severity == "error"

    def sentence(self) -> str:
        """Return the check as a sentence, with table, number of rows, detail and examples."""
        if self.passed:
            return f"{self.name} holds on {self.table}."
        rows = "1 row" if self.failed_rows == 1 else f"{self.failed_rows:,} rows"
        examples = f" For example: {'; '.join(self.examples)}." if self.examples else ""
        return f"{self.name} fails on {self.table} ({rows}). {self.detail}{examples}"


@dataclass(frozen=True)
class AuditResult:
    """All checks of one build.

    Attributes:
        build_id: The build that was checked.
        batch_id: The greatest batch of feed rows in it.
        checked_at: Instant of the audit, in UTC.
        checks: The checks.
    """

    build_id: str
    batch_id: int
    checked_at: datetime
    checks: tuple[AuditCheck, ...]

    @property
    def passed(self) -> bool:
        """Return True if the build may be published: no check of severity `error` failed."""
        return not any(check.refuses for check in self.checks)

    @property
    def failures(self) -> tuple[AuditCheck, ...]:
        """Return the checks that refuse the build."""
        return tuple(check for check in self.checks if check.refuses)

    @property
    def warnings(self) -> tuple[AuditCheck, ...]:
        """Return the failed checks that do not refuse the build."""
        return tuple(check for check in self.checks if not check.passed and not check.refuses)

    def report(self) -> str:
        """Return the outcome in sentences, failed errors first."""
        counted = f"{len(self.checks)} checks, {len(self.failures)} failed, {len(self.warnings)} warned."
        head = f"The audit passed: {counted}" if self.passed else f"The audit refused to publish: {counted}"
        return "\n".join([head, *(check.sentence() for check in (*self.failures, *self.warnings))])

    def to_json(self) -> str:
        """Return the whole result as JSON. It has no personal data, since the warehouse has none."""
        values = {**asdict(self), "passed": self.passed, "checked_at": self.checked_at.isoformat(timespec="seconds")}
        return json.dumps(values, indent=2, default=str)


def as_sentence(name: str) -> str:
    """Return the name of a check as a sentence, which holds if the check passes."""
    words = name.removeprefix("assert_").replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}."


def as_words(row: Mapping[str, Any], *, columns: int = 8) -> str:
    """Return a row as `column=value` text without nulls, identifying columns first."""
    present = [(name, value) for name, value in row.items() if not _is_missing(value)]
    identifying = [pair for pair in present if _identifies(pair[0])]
    others = [pair for pair in present if not _identifies(pair[0])]
    return ", ".join(f"{name}={value}" for name, value in (identifying + others)[:columns])


def _is_missing(value: Any) -> bool:
    """Tell if a value is null, also as pandas writes nulls in a frame."""
    return (
        value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    )


def _identifies(column: str) -> bool:
    lineage = column.startswith("_")
    return not lineage and (column.endswith(("_id", "_key", "_date")) or column in ("sku", "feed", "source", "axis"))
