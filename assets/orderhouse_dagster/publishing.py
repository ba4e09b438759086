"""Published version and exports as assets. Publication itself belongs to `orderhouse.serve`."""

from typing import Any

import dagster as dg
from orderhouse.errors import OrderhouseError
from orderhouse.files.object_stores import address_without_keys
from orderhouse.messages.service import derive_messages
from orderhouse.operations.audit_log import record
from orderhouse.serve.destinations import check_destination
from orderhouse.serve.exports import export
from orderhouse.serve.publishing import publish

from orderhouse_dagster.audit import AUDIT_KEY
from orderhouse_dagster.resources import WarehouseParam

__all__ = ["EXPORTS_KEY", "PUBLISHED_KEY", "exports", "messages", "published"]

PUBLISHED_KEY = dg.AssetKey(["published", "current"])
MESSAGES_KEY = dg.AssetKey(["messages", "outbox"])
EXPORTS_KEY = dg.AssetKey(["exports", "latest"])


@dg.asset(key=PUBLISHED_KEY, deps=[AUDIT_KEY], group_name="published", kinds={"duckdb"})
def published(warehouse: WarehouseParam) -> dg.MaterializeResult[None]:
    """Publish the build as the current version; fail unless its audit passed."""
    warehouse.show_status("Publishing")
    with warehouse.step("publish") as settings:
        version = publish(settings, again=False)
    warehouse.published = version
    metadata: dict[str, Any] = {
        "version": version.number,
        "as_of": version.as_of,
        "batch_id": version.batch_id,
        "bytes": version.size_bytes,
    }
    return dg.MaterializeResult(metadata=metadata)


@dg.asset(key=MESSAGES_KEY, deps=[PUBLISHED_KEY], group_name="published", kinds={"sql"})
def messages(warehouse: WarehouseParam) -> dg.MaterializeResult[None]:
    """Store the messages that the published version gives. A mistake in `messages.yaml` does not undo the version."""
    warehouse.show_status("Making messages")
    try:
        derived = derive_messages(warehouse.settings)
    except OrderhouseError as error:
        return dg.MaterializeResult(metadata={"problem": error.message})
    return dg.MaterializeResult(metadata=dict(derived.new) if derived is not None else {})


class ExportConfig(dg.Config):
    """Tables, format and destination of an export. The destination must be one that the configuration names."""

    tables: list[str] = ["ops.orders", "ops.exceptions", "marts.fct_kpi_daily"]
    format: str = "parquet"
    to: str | None = None


@dg.asset(key=EXPORTS_KEY, deps=[PUBLISHED_KEY], group_name="published", kinds={"parquet"})
def exports(config: ExportConfig, warehouse: WarehouseParam) -> dg.MaterializeResult[None]:
    """Write files of published tables with a manifest. This reads the published version and needs no lock."""
    try:
        to = check_destination(warehouse.settings, config.to or str(warehouse.settings.exports / "latest"))
        for table in config.tables:
            record(
                warehouse.settings, actor="dagster", role="admin", action="export", subject=table,
                detail={"format": config.format, "to": address_without_keys(to)},
            )  # fmt: skip
        manifest = export(warehouse.settings, config.tables, format=config.format, to=to)
    except OrderhouseError as error:
        raise dg.Failure(description=error.message, allow_retries=False) from error
    return dg.MaterializeResult(metadata={"version": manifest.version, "rows": manifest.rows, "to": to})
