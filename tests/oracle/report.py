"""Report: which columns the oracle compares on which worlds, and how many cells, as a page of the documentation.

Usage: python -m tests.oracle.report docs/proof.md NAME=HOME…, with a built home for each name of worlds.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import duckdb

from tests.oracle.comparison import Comparison, compare_home
from tests.oracle.expected import EXPECTED, KEY_COLUMNS, LEFT_OUT
from tests.provenance import measured_commit

__all__ = ["page_of"]

OPENING = """# Proof: every number computed a second time

The definitions are written twice: once as dbt models, and once in plain Python (`tests/oracle/`), row by row over the
accepted rows, without SQL and without code of the product. Both are compared cell by cell.

This page is written by `python -m tests.oracle.report docs/proof.md NAME=HOME…` from built homes. The tests build such
homes themselves: `tests/oracle/test_simulated_worlds.py` and `test_chaotic_worlds.py` in every run. `make
test-thorough` takes more seeds, and the two real data sets as well.

Lineage columns (`_file_id`, `_record`, `_source`, `_batch_id`) are not compared. They say where a row came from and
have tests of their own.
"""


def page_of(compared: dict[str, Comparison], homes: dict[str, Path], commit: str) -> str:
    """Return the page for the comparisons of several worlds, measured at a commit."""
    columns = _columns(next(iter(homes.values())))
    parts = [OPENING, f"The numbers are those of commit `{commit}`.\n", _totals(compared)]
    for table in EXPECTED:
        parts.append(_table(table, columns[table.partition("/")[0]], compared))
    missing = sorted(table for table in columns if table not in EXPECTED)
    parts.append(
        "## Marts that are not compared on these worlds\n\n" + "\n".join(_why(table) for table in missing) + "\n"
    )
    return "\n".join(parts)


def _why(table: str) -> str:
    return f"- `{table}`: {LEFT_OUT.get(table, 'not written a second time yet')}"


def _columns(home: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    with duckdb.connect(str(home / "warehouse" / "warehouse.duckdb"), read_only=True) as marts:
        rows = marts.execute(
            "select table_name, column_name from information_schema.columns where table_schema = 'marts' "
            "order by table_name, ordinal_position"
        ).fetchall()
    for table, column in rows:
        if not column.startswith("_"):
            found[table].append(column)
    return found


def _totals(compared: dict[str, Comparison]) -> str:
    lines = ["| worlds | cells compared | differences |", "|---|---:|---:|"]
    for name, each in compared.items():
        lines.append(f"| {name} | {sum(each.cells.values()):,} | {len(each.differences):,} |")
    return "\n".join(lines) + "\n"


def _table(table: str, columns: list[str], compared: dict[str, Comparison]) -> str:
    seen = {column for each in compared.values() for where, column in each.cells if where == table}
    seen |= set(KEY_COLUMNS[table])
    done = [column for column in columns if column in seen]
    left = [column for column in columns if column not in seen]
    counts = {name: sum(n for (where, _), n in each.cells.items() if where == table) for name, each in compared.items()}
    differing = sorted({each.column for one in compared.values() for each in one.differences if each.table == table})
    lines = [
        f"## {table}",
        "",
        f"{len(done)} of {len(columns)} columns, "
        + ", ".join(f"{count:,} cells of {name}" for name, count in counts.items())
        + ".",
        "",
        "Compared: " + ", ".join(f"`{column}`" for column in [*done, *sorted(seen - {*columns, "row"})]) + ".",
    ]
    if left:
        lines += ["", "Not compared: " + ", ".join(f"`{column}`" for column in left) + "."]
    if table in LEFT_OUT:
        lines += ["", LEFT_OUT[table]]
    if differing:
        lines += ["", "Differing somewhere: " + ", ".join(f"`{column}`" for column in differing) + "."]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> None:
    """Compare built homes and write the page."""
    target, *pairs = arguments
    commit = measured_commit()
    homes = {name: Path(home) for name, _, home in (pair.partition("=") for pair in pairs)}
    compared = {name: compare_home(home) for name, home in homes.items()}
    Path(target).write_text(page_of(compared, homes, commit), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
