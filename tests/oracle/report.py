"""Report: which columns the oracle compares on which worlds, and how many cells, as a page of the documentation.

`python -m tests.oracle.report --folder F --to docs/proof.md` builds the worlds in a folder, compares them and writes
the page. It takes about half an hour, most of it for the two real data sets.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import duckdb

from tests.integration.running import real_data
from tests.oracle.chaos import AS_OF, write_chaos
from tests.oracle.checking import compare_built
from tests.oracle.comparison import Comparison
from tests.oracle.expected import EXPECTED, KEY_COLUMNS, LEFT_OUT
from tests.oracle.simulated import write_simulated
from tests.provenance import measured_commit

__all__ = ["page_of"]

OPENING = """# Proof: every number computed a second time

The definitions are written twice: once as dbt models, and once in plain Python (`tests/oracle/`), row by row over the
accepted rows, without SQL and without code of the product. Both are compared cell by cell.

This page is written by `python -m tests.oracle.report --folder F --to docs/proof.md`. In every run of the tests,
`tests/oracle/test_simulated_worlds.py` and `test_chaotic_worlds.py` compare fewer seeds. `make test-thorough` takes as
many as this page, and the two real data sets as well.

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


def compare_worlds(folder: Path, seeds: int, chaotic: int) -> tuple[dict[str, Comparison], dict[str, Path]]:
    """Build every kind of worlds in an empty folder; return the comparisons and the homes by name."""
    worlds: dict[str, Callable[[Path], tuple[Path, str]]] = {
        f"{seeds} simulated seeds": lambda home: (write_simulated(home / "worlds", range(seeds)), "data"),
        f"{chaotic} chaotic worlds": lambda home: (write_chaos(home / "worlds", range(chaotic)), AS_OF),
        "Olist": lambda home: (real_data("olist", home), "data"),
        "Online Retail": lambda home: (real_data("online_retail", home), "data"),
    }
    compared: dict[str, Comparison] = {}
    homes: dict[str, Path] = {}
    for number, (name, written) in enumerate(worlds.items()):
        began = time.monotonic()
        homes[name] = folder / str(number)
        homes[name].mkdir(parents=True)
        compared[name] = compare_built(homes[name], *written(homes[name]))
        print(
            f"{name}: {sum(compared[name].cells.values()):,} cells, {len(compared[name].differences)} differences, "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        for difference in compared[name].differences[:10]:
            print(f"  {difference}", flush=True)
    return compared, homes


def main() -> None:
    """Compare the worlds and write the page."""
    parser = argparse.ArgumentParser(prog="tests.oracle.report", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder for the homes")
    parser.add_argument("--to", type=Path, required=True, help="the page")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--chaotic", type=int, default=60)
    given = parser.parse_args()
    commit = measured_commit()
    compared, homes = compare_worlds(given.folder, given.seeds, given.chaotic)
    given.to.write_text(page_of(compared, homes, commit), encoding="utf-8")


if __name__ == "__main__":
    main()
