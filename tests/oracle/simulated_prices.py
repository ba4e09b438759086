"""Groups of customers and their prices, added to the price lists of simulated worlds."""

from __future__ import annotations

import csv
from pathlib import Path

__all__ = ["write_group_prices"]

COLUMNS = (
    "price_list_id", "sku", "currency", "valid_from", "updated_at", "unit_price", "customer_group", "min_quantity",
    "price_includes_tax", "delivery_weekdays", "delivery_from",
)  # fmt: skip


def write_group_prices(landing: Path) -> None:
    """Put every third customer into a group, and write prices of two groups and of everybody, with tax and without.

    One price came twice, and one is told differently by two files.
    """
    for path in sorted((landing / "customers").glob("*.csv")):
        _add_groups(path)
    skus = sorted({row[0] for path in (landing / "products").glob("*.csv") for row in _rows(path)[1:]})
    prices = [
        [f"list-{number % 5}", sku, "EUR", "2026-01-01", "2026-01-01T00:00:00Z", f"{5 + number % 40}.9{number % 10}5"]
        + [("trade", "Club", "")[number % 3], str(number % 2), str(number % 4 == 0).lower()]
        + (["mon wed 5", "09:00"] if number % 5 == 0 else ["", ""])
        for number, sku in enumerate(skus)
        if number % 2 == 0
    ]
    _write(landing / "price_lists" / "groups-1.csv", [list(COLUMNS), *prices, prices[0]])
    _write(landing / "price_lists" / "groups-2.csv", [list(COLUMNS), [*prices[1][:5], "7.77", *prices[1][6:]]])


def _add_groups(path: Path) -> None:
    header, *rows = _rows(path)
    number = header.index("customer_id")
    grouped = [
        [*row, ("TRADE", "club", "")[sum(map(ord, row[number])) % 3]] if len(row) == len(header) else row
        for row in rows
    ]
    _write(path, [[*header, "customer_group"], *grouped])


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
