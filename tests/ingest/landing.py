"""Small home to ingest into: feeds are written as text, ingested, and read back from the raw tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orderhouse.ingest.results import FileReport, IngestResult
from orderhouse.receive import receive
from orderhouse.settings import Settings, load_settings
from orderhouse.storage.warehouse import open_raw

ORDERS_HEADER = "order_id,placed_at,updated_at,currency,email\n"
LINES_HEADER = "order_id,line_id,updated_at,sku,quantity,unit_price,discount_amount\n"
PAYMENTS_HEADER = "payment_id,order_id,kind,amount,currency,occurred_at\n"


@dataclass(frozen=True)
class Landing:
    """Folder with a sources file, files beside it, and the home they are ingested into."""

    folder: Path

    @property
    def settings(self) -> Settings:
        """Return the settings of this home."""
        return load_settings(home=self.folder / "home", sources=self.sources_file)

    @property
    def sources_file(self) -> Path:
        """Return the path of the sources file."""
        return self.folder / "sources.yaml"

    def declare(self, text: str) -> None:
        """Write the sources file."""
        self.sources_file.write_text(text, encoding="utf-8")

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file beside the sources file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def ingest(self) -> IngestResult:
        """Ingest new and changed files."""
        return receive(self.settings)

    def query(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Query the raw tables."""
        connection = open_raw(self.settings, read_only=True)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def quarantined(self) -> list[tuple[Any, ...]]:
        """Return feed, record, rules and reasons of every quarantined row."""
        return self.query("select feed, record, rules, reasons from raw.quarantine order by feed, record")


def report(result: IngestResult, name: str) -> FileReport:
    """Return the only report about a file."""
    (found,) = [each for each in result.files if each.path.endswith(name)]
    return found


def order(number: int, currency: str = "EUR", placed: str = "2026-01-02T03:04:05Z") -> str:
    return f"o{number},{placed},2026-01-02T03:04:05Z,{currency},person{number}@example.com\n"


def line(number: int, quantity: str = "1", unit_price: str = "10.00", discount: str = "0.00") -> str:
    return f"o{number},1,2026-01-02T03:04:05Z,sku{number},{quantity},{unit_price},{discount}\n"
