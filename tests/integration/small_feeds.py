"""Hand-written feeds: rows as dicts, written as JSON lines, run through the command line, queried with SQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.integration.running import published_file, run_orderhouse, run_steps

Row = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """Landing folder with its sources file, and the home that it is loaded into."""

    folder: Path
    sources: str
    as_of: str

    @property
    def home(self) -> Path:
        """Return the home."""
        return self.folder / "home"

    def deliver(self, name: str, rows: list[Row]) -> None:
        """Write rows as a file of JSON lines."""
        path = self.folder / f"{name}.ndjson"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def command(self, name: str, *arguments: str) -> str:
        """Run one command on the sources."""
        return run_orderhouse(name, "--sources", str(self.declare()), *arguments, home=self.home)

    def run(self) -> str:
        """Ingest, build, audit and publish."""
        return run_steps(self.home, self.declare(), self.as_of)

    def build(self) -> None:
        """Ingest and build only. An audit costs as much as a build."""
        self.command("ingest")
        self.command("build", "--as-of", self.as_of)

    def declare(self) -> Path:
        """Write the sources file, and return its path."""
        declared = self.folder / "sources.yaml"
        declared.write_text(self.sources)
        return declared

    def published(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Query the published version."""
        with duckdb.connect(str(published_file(self.home)), read_only=True) as connection:
            return connection.execute(sql, values).fetchall()

    def built(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Query the tables of the last build, published or not."""
        with duckdb.connect(str(self.home / "warehouse" / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql, values).fetchall()

    def staged(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Query the staging tables."""
        with duckdb.connect(str(self.home / "warehouse" / "work.duckdb"), read_only=True) as connection:
            return connection.execute(sql, values).fetchall()


def order(order_id: str, **more: Any) -> Row:
    """Return an order over sixty euros, placed at noon."""
    return {
        "order_id": order_id,
        "placed_at": "2026-03-02T12:00:00Z",
        "updated_at": "2026-03-02T12:00:00Z",
        "currency": "EUR",
        "ship_country": "DE",
        "channel": "web",
        **more,
    }


def line(order_id: str, line_id: str = "1", **more: Any) -> Row:
    """Return a line of two units at thirty."""
    return {
        "order_id": order_id,
        "line_id": line_id,
        "updated_at": "2026-03-02T12:00:00Z",
        "sku": "mug",
        "quantity": 2,
        "unit_price": "30.00",
        **more,
    }


def payment(order_id: str, amount: str = "60.00", **more: Any) -> Row:
    """Return a payment of the order, captured five minutes later."""
    return {
        "payment_id": f"pay-{order_id}",
        "order_id": order_id,
        "kind": "captured",
        "amount": amount,
        "currency": "EUR",
        "occurred_at": "2026-03-02T12:05:00Z",
        **more,
    }


def shipment(order_id: str, **more: Any) -> Row:
    """Return a shipment of both units of line 1, the day after."""
    return {
        "shipment_id": f"ship-{order_id}",
        "line_id": "1",
        "order_id": order_id,
        "quantity": 2,
        "shipped_at": "2026-03-03T12:00:00Z",
        "sku": "mug",
        "warehouse_id": "west",
        **more,
    }


def scan(order_id: str, status: str, occurred_at: str, **more: Any) -> Row:
    """Return a scan of the order's shipment."""
    return {"shipment_id": f"ship-{order_id}", "status": status, "occurred_at": occurred_at, **more}


def line_of(shop: Shop, order_id: str, columns: str, line_id: str = "1") -> tuple[Any, ...]:
    """Return columns of a line of an order."""
    sql = f"select {columns} from ops.order_lines where order_id = ? and line_id = ?"
    ((*values,),) = shop.published(sql, order_id, line_id)
    return tuple(values)


def order_of(shop: Shop, order_id: str, columns: str) -> tuple[Any, ...]:
    """Return columns of an order."""
    ((*values,),) = shop.published(f"select {columns} from ops.orders where order_id = ?", order_id)
    return tuple(values)
