"""Build: run dbt in this process, with one clock, one batch and one fingerprint of the definitions.

This package decides when dbt runs, with which command and variables, and records each build. The meaning of numbers
belongs to `dbt_project/`, the checks of the result to `orderhouse.audit`, its publication to `orderhouse.serve`.
"""

from __future__ import annotations

from orderhouse.storage.build_record import AuditVerdict, BuildRecord, load_record, record_audit
from orderhouse.transform.building import BuildFailed, BuildResult, build
from orderhouse.transform.dbt import ModelEvent, prepare_manifest
from orderhouse.transform.variables import build_variables

__all__ = [
    "AuditVerdict",
    "BuildFailed",
    "BuildRecord",
    "BuildResult",
    "ModelEvent",
    "build",
    "build_variables",
    "load_record",
    "prepare_manifest",
    "record_audit",
]
