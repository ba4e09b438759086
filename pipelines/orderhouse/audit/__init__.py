"""The audit: what must hold of a built warehouse before readers see it.

Row rules are dbt tests, run here over the tables as built; rules over days, feeds and totals are expectations over
small summary frames. Both end as one list of checks, in `quality.audit`, in a JSON file and, when one fails, in
sentences. Deciding to publish belongs in `serve`; rules of single input rows belong in `contracts`.
"""

from __future__ import annotations

from orderhouse.audit.checks import AuditCheck, AuditResult
from orderhouse.audit.running import audit

__all__ = ["AuditCheck", "AuditResult", "audit"]
