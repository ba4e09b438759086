"""Audit as an asset, and its outcome for each table as asset checks. The checks belong to `orderhouse.audit`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from orderhouse.audit import audit
from orderhouse.serve.publishing import record_refusal
from orderhouse.settings import Settings
from orderhouse.transform import load_record
from orderhouse.transform.manifest import read_manifest

from orderhouse_dagster.predictions import PREDICTIONS_KEY
from orderhouse_dagster.resources import WarehouseParam
from orderhouse_dagster.transformation import TableTranslator

__all__ = ["AUDIT_KEY", "audit_asset", "audit_checks"]

AUDIT_KEY = dg.AssetKey(["quality", "audit"])
CHECK = "audit"


def audit_asset(models: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Return the asset of the audit of all models. The asset does not fail; publication reads the verdict."""

    @dg.asset(
        key=AUDIT_KEY,
        deps=[*models.keys, PREDICTIONS_KEY],
        group_name="quality",
        kinds={"duckdb"},
        description="One row per check of the last build.",
    )
    def audited(context: dg.AssetExecutionContext, warehouse: WarehouseParam) -> dg.MaterializeResult[None]:
        with warehouse.step("audit") as settings:
            record = load_record(settings)
            if record is not None and record.has_passed:
                return dg.MaterializeResult(metadata={"passed": True, "note": "This build has passed already."})
            result = audit(settings, on_event=lambda event: warehouse.show_status(f"Checking {event.name}"))
            if not result.passed:
                record_refusal(settings)
        warehouse.audited = result
        context.log.info(result.report())
        counts = {"checks": len(result.checks), "failed": len(result.failures), "warned": len(result.warnings)}
        return dg.MaterializeResult(metadata={"passed": result.passed, **counts})

    return audited


def audit_checks(manifest: Path) -> dg.AssetChecksDefinition:
    """Return one asset check per table with rules, which passes if all its rules hold.

    Rules of no such table are checked on the asset of the audit.
    """
    keys = [*_tested_tables(read_manifest(manifest)), AUDIT_KEY]
    specs = [
        dg.AssetCheckSpec(CHECK, asset=key, additional_deps=[] if key == AUDIT_KEY else [AUDIT_KEY]) for key in keys
    ]

    @dg.multi_asset_check(name="audit_checks", specs=specs)
    def checks(warehouse: WarehouseParam) -> Iterator[dg.AssetCheckResult]:
        found = _checks_by_table(warehouse.settings, keys)
        for key in keys:
            yield _verdict(key, found[key])

    return checks


def _tested_tables(manifest: dict[str, Any]) -> list[dg.AssetKey]:
    translator = TableTranslator()
    nodes = {**manifest["nodes"], **manifest["sources"]}
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    tested = {name for test in tests for name in test["depends_on"]["nodes"] if name in nodes}
    return sorted(translator.get_asset_key(nodes[name]) for name in tested)


def _checks_by_table(settings: Settings, keys: list[dg.AssetKey]) -> dict[dg.AssetKey, list[dict[str, Any]]]:
    latest = settings.home / "audit" / "latest.json"
    checks = json.loads(latest.read_text(encoding="utf-8"))["checks"] if latest.exists() else []
    found: dict[dg.AssetKey, list[dict[str, Any]]] = {key: [] for key in keys}
    for check in checks:
        key = dg.AssetKey(check["table"].split(".")[-2:])
        found[key if key in found else AUDIT_KEY].append(check)
    return found


def _verdict(key: dg.AssetKey, checks: list[dict[str, Any]]) -> dg.AssetCheckResult:
    failed = [check for check in checks if not check["passed"]]
    severe = any(check["severity"] == "error" for check in failed)
    listed = "\n".join(f"- {check['name']}: {check['failed_rows']} rows. {check['detail']}" for check in failed)
    return dg.AssetCheckResult(
        check_name=CHECK,
        asset_key=key,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if severe else dg.AssetCheckSeverity.WARN,
        description=f"{len(checks) - len(failed)} of {len(checks)} rules hold.",
        metadata={"failed": dg.MetadataValue.md(listed)} if failed else {},
    )
