"""Raw tables as assets: one per feed and ledger, all loaded by one ingest. The steps belong to the library."""

from collections.abc import Iterator

import dagster as dg
from orderhouse.contracts import CONTRACTS
from orderhouse.ingest.results import IngestResult
from orderhouse.receive import receive
from orderhouse.storage.raw_tables import raw_schema

from orderhouse_dagster.resources import WarehouseParam
from orderhouse_dagster.retention import prune_history

__all__ = ["raw_feeds"]

SPECS = [
    dg.AssetSpec(
        ["raw", table],
        group_name="raw",
        kinds={"duckdb"},
        description=f"Rows of the feed {table}, append-only." if table in CONTRACTS else f"The ledger of {table}.",
    )
    for table in raw_schema()
]


@dg.multi_asset(name="ingest", specs=SPECS)
def raw_feeds(context: dg.AssetExecutionContext, warehouse: WarehouseParam) -> Iterator[dg.MaterializeResult[None]]:
    """Load new files. No content is loaded twice."""
    prune_history(context.instance, warehouse.settings)
    with warehouse.step("ingest") as settings:
        result = receive(
            settings,
            progress=lambda at: warehouse.show_status(f"Ingesting {at.done} of {at.total} files, {at.rows:,} rows"),
        )
    warehouse.ingested = result
    for note in result.notes:
        context.log.warning(note)
    for spec in SPECS:
        yield dg.MaterializeResult(asset_key=spec.key, metadata=_metadata(result, spec.key.path[-1]))


def _metadata(result: IngestResult, table: str) -> dict[str, int | str]:
    """Return the counts of a table in this run, or `new: nothing` if no batch was written."""
    if table == "controls" and result.controls_checked:
        return {"checked": result.controls_checked, "failed": result.controls_failed}
    counts = result.feeds.get(table)
    batch: dict[str, int | str] = {"batch_id": result.batch_id} if result.batch_id is not None else {"new": "nothing"}
    if counts is None:
        return batch
    return {
        **batch,
        "rows_in": counts.rows_in,
        "accepted": counts.accepted,
        "duplicate": counts.duplicate,
        "quarantined": counts.quarantined,
    }
