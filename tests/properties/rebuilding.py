"""Full rebuild of a home in memory, for comparison with the tables that incremental builds of dbt left.

The compiled models run over all rows received, as `explain` runs them; this costs a tenth of a full build by dbt.
"""

from __future__ import annotations

from orderhouse.serve.worlds import open_world_of
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record

from tests.integration.published_tables import catalog_hashes, differing_tables, table_hashes

__all__ = ["tables_that_differ"]


def tables_that_differ(chosen: Settings) -> list[str]:
    """Return the tables of the last build that differ from those of a full rebuild at the same clock."""
    record = load_record(chosen)
    assert record is not None
    with open_world_of(chosen, record, chosen.warehouse_db) as world:
        world.load()
        for name, model in world.models.items():
            if model.database == "warehouse" and model.schema != "quality":
                world.compute(name)
        rebuilt = catalog_hashes(world.connection, "warehouse")
    built = table_hashes(chosen.warehouse_db)
    return [name for name in differing_tables(built, rebuilt)]
