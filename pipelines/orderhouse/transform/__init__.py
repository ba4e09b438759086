"""Building the warehouse: dbt in this process, with one clock, one batch and one fingerprint of the definitions.

What belongs here: when dbt runs, on what, with which variables, and what is remembered about it. What a number means
belongs in `dbt_project/`; whether the result may be shown, in `orderhouse.audit`; showing it, in `orderhouse.serve`.
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
