"""Audit: all checks of a built warehouse before readers see it.

Rules of rows are dbt tests; rules of days, feeds and totals are expectations over small summary frames. Both become one
list of checks, in `quality.audit` and in a JSON file. Publication belongs to `orderhouse.serve`, rules of single input
rows to `orderhouse.contracts`.
"""

from __future__ import annotations

from orderhouse.audit.checks import AuditCheck, AuditResult
from orderhouse.audit.running import audit

__all__ = ["AuditCheck", "AuditResult", "audit"]
