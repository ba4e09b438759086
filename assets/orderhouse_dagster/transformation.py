"""dbt models and seeds as assets with the names of their tables, computed by one build.

The build belongs to `orderhouse.transform`.
"""

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, build_dbt_asset_specs
from orderhouse.serve.closing import freeze_closed
from orderhouse.transform import BuildResult, ModelEvent, build
from orderhouse.transform.clock_policy import settle_clock

from orderhouse_dagster.resources import Warehouse, WarehouseParam

__all__ = ["TableTranslator", "model_assets"]


class TableTranslator(DagsterDbtTranslator):
    """Translator that gives an asset the name of its table or dbt source: `marts/fct_orders`, `raw/orders`."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return schema and table as the asset key."""
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["alias"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the schema of the table."""
        return str(dbt_resource_props["schema"])


def model_assets(manifest: Path) -> dg.AssetsDefinition:
    """Return one asset per model and seed of the manifest, all computed by one build."""
    translator = TableTranslator(DagsterDbtTranslatorSettings(enable_source_metadata=False))
    specs = build_dbt_asset_specs(manifest=manifest, dagster_dbt_translator=translator)

    order = _Order(specs)

    @dg.multi_asset(name="build", specs=specs)
    def models(context: dg.AssetExecutionContext, warehouse: WarehouseParam) -> Iterator[dg.MaterializeResult[None]]:
        """Compute touched keys; compute everything from empty files if definitions changed."""
        reported: set[dg.AssetKey] = set()
        with warehouse.step("build"):
            for event in _events(warehouse):
                key = dg.AssetKey(event.table.split("/"))
                yield from _untouched(order.before(key), reported)
                yield dg.MaterializeResult(asset_key=key, metadata=_computed(event))
                reported.add(key)
        context.log.info(warehouse.built.reason if warehouse.built else "")
        if warehouse.clock and warehouse.clock.note:
            context.log.warning(warehouse.clock.note)
        yield from _untouched(order.all, reported)

    return models


class _Order:
    """Tables in an order in which each comes after those that it reads, as Dagster requires."""

    def __init__(self, specs: Sequence[dg.AssetSpec]) -> None:
        keys = {spec.key for spec in specs}
        self.direct = {spec.key: {dep.asset_key for dep in spec.deps} & keys - {spec.key} for spec in specs}
        self.all = list(TopologicalSorter(self.direct).static_order())

    def before(self, key: dg.AssetKey) -> list[dg.AssetKey]:
        """Return the tables that a table reads, directly or not, in order."""
        found: set[dg.AssetKey] = set()
        waiting = list(self.direct.get(key, ()))
        while waiting:
            ancestor = waiting.pop()
            if ancestor not in found:
                found.add(ancestor)
                waiting += self.direct[ancestor]
        return [ancestor for ancestor in self.all if ancestor in found]


def _untouched(keys: list[dg.AssetKey], reported: set[dg.AssetKey]) -> Iterator[dg.MaterializeResult[None]]:
    """Report tables that were not computed because they are up to date."""
    for key in keys:
        if key not in reported:
            reported.add(key)
            yield dg.MaterializeResult(asset_key=key, metadata={"computed": False})


def _computed(event: ModelEvent) -> dict[str, Any]:
    rows = {} if event.rows is None else {"dagster/row_count": event.rows}
    return {"computed": True, "seconds": round(event.seconds, 3), **rows}


def _events(warehouse: Warehouse) -> Iterator[ModelEvent]:
    """Run the build in a thread of its own, and yield each finished table meanwhile."""
    events: queue.Queue[ModelEvent | BuildResult | BaseException] = queue.Queue()

    def observe(event: ModelEvent) -> None:
        warehouse.show_status(f"Building {event.table}")
        if event.status == "success":
            events.put(event)

    def work() -> None:
        try:
            freeze_closed(warehouse.settings)
            warehouse.clock = settle_clock(warehouse.settings, warehouse.as_of)
            events.put(build(warehouse.settings, as_of=warehouse.clock.as_of, full=warehouse.full, on_event=observe))
        except BaseException as error:  # noqa: BLE001 - raised again where the queue is read
            events.put(error)

    thread = threading.Thread(target=work, name="build")
    thread.start()
    while isinstance(item := events.get(), ModelEvent):
        yield item
    thread.join()
    if isinstance(item, BaseException):
        raise item
    warehouse.built = item
