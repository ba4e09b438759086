"""Random cells of published tables, explained: one for each drawn column, with its outcome and the seconds it took."""

from __future__ import annotations

import random
import shutil
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from orderhouse.serve.explaining import Explanation, explain_cell
from orderhouse.serve.grains import key_columns
from orderhouse.serve.worlds import World

from tests.integration.running import data_folder

__all__ = ["Explained", "explained", "few_days", "summary"]

# How rows arrived is no figure.
RECEIPT = ("_batch_id", "_received_at", "batch_id")
DAYS = ("2010-12-19", "2010-12-22", "2011-02-06", "2011-05-01")
SOURCES = """
merchant: {business_time_zone: Europe/London, reporting_currency: GBP}
sources:
  online_retail: {format: online_retail, path: in/*.csv}
"""


@dataclass(frozen=True)
class Explained:
    """One explained cell.

    Attributes:
        kind: `sum`, `rows`, or `all` if all rows received decide it.
        problem: Words for a cell that is not derived exactly; empty otherwise.
    """

    table: str
    column: str
    key: list[str]
    seconds: float
    kind: str
    problem: str


def explained(world: World, seed: int, count: int) -> list[Explained]:
    """Explain cells of `count` columns of the marts, drawn with a seed; every column once before any twice."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    columns = [
        column
        for column in world.connection.execute(
            "select 'marts.' || table_name, column_name from duckdb_columns() "
            "where database_name = 'published' and schema_name = 'marts' order by all"
        ).fetchall()
        if column[1] not in RECEIPT
    ]
    drawn = [column for _ in range(-(-count // len(columns))) for column in chance.sample(columns, len(columns))]
    keys = {table: key_columns(world.connection, table) for table, _ in drawn[:count]}
    found = []
    for number, (table, column) in enumerate(sorted(drawn[:count])):
        key = _key(world, table, column, keys[table], f"{seed}-{number}")
        if key is not None:
            began = time.process_time()
            explanation = explain_cell(world, table, key, column, effects=False)
            seconds = time.process_time() - began
            kind = "sum" if explanation.is_sum else "rows" if explanation.parts else "all"
            found.append(Explained(table, column, key, seconds, kind, _problem(explanation)))
    return found


def summary(found: Sequence[Explained]) -> str:
    """Return cells, sums, problems and the greatest seconds by table, as text."""
    by_table: dict[str, list[Explained]] = defaultdict(list)
    for each in found:
        by_table[each.table].append(each)
    return "\n".join(
        f"{table:36} {len(cells):4} cells {sum(each.kind == 'sum' for each in cells):4} sums "
        f"{sum(bool(each.problem) for each in cells):3} problems {max(each.seconds for each in cells):6.2f} s at most"
        for table, cells in by_table.items()
    )


def few_days(folder: Path) -> Path:
    """Write sources of a few quiet days of a wholesaler, and return them."""
    (folder / "in").mkdir()
    for day in DAYS:
        shutil.copy(data_folder() / "online_retail" / f"{day}.csv", folder / "in")
    (folder / "sources.yaml").write_text(SOURCES)
    return folder / "sources.yaml"


def _key(world: World, table: str, column: str, names: Sequence[str], salt: str) -> list[str] | None:
    """Return the key of a random row in which the column is there, else of any row; None for an empty table."""
    listed = ", ".join(f'"{name}"::varchar' for name in names)
    order = f"\"{column}\" is null, md5(concat_ws('|', {listed}, ?))"
    rows = world.connection.execute(
        f"select {listed} from published.{table} order by {order} limit 1", [salt]
    ).fetchall()
    return [f"{name}={value or ''}" for name, value in zip(names, rows[0], strict=True)] if rows else None


def _problem(explanation: Explanation) -> str:
    """Return words for a value that was not derived, and for contributions that lack rows or do not add up."""
    if not explanation.is_equal:
        return f"{explanation.value} was derived as {explanation.derived}"
    if explanation.is_sum:
        sums = [
            sum((part.figures[at] or 0 for part in explanation.parts), Decimal(0))
            for at in range(len(explanation.figures))
        ]
        if sums != list(explanation.totals):
            return f"{explanation.totals} is not the sum {sums}"
        if not all(part.rows for part in explanation.parts):
            return "contributions without rows"
    return ""
