"""Homes with a published version of a few orders whose stories `published.sql` tells."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys
from orderhouse.vault.single_tokens import token_of

SQL = Path(__file__).with_name("published.sql")
EMAIL = "Erika.Mustermann@example.com"
IDS = ("PARTSHIPPED1", "OPENORDER123", "DELIVERED123", "LATEANDSTUCK", "CANCELLED123", "HELDFORNOW12")


def publish(home: Path, number: int = 1, extra: str = "select 1", **options: object) -> Settings:
    """Publish a version, after some more statements on its tables, and return the settings of the home."""
    settings = Settings(home=home, **options)  # type: ignore[arg-type]
    token = token_of(load_keys(settings), "email", EMAIL)
    settings.published.mkdir(parents=True, exist_ok=True)
    path = settings.published / f"warehouse-{number}.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(SQL.read_text(encoding="utf-8").replace("$email", f"'{token}'"))
        connection.execute(extra)
    description = {
        "number": number,
        "published_at": datetime.now(UTC).isoformat(),
        "as_of": "2026-03-31 10:00:00.000000",
        "batch_id": number,
        "build_id": f"build-{number}",
        "business_time_zone": "Europe/Berlin",
        "reporting_currency": "EUR",
        "size_bytes": path.stat().st_size,
    }
    path.with_suffix(".json").write_text(json.dumps(description), encoding="utf-8")
    point_at(settings, number)
    return settings


def point_at(settings: Settings, number: int) -> None:
    """Make a version current, as publishing and a rollback do."""
    incoming = settings.published / ".current.incoming"
    incoming.write_text(f"warehouse-{number}.duckdb", encoding="utf-8")
    incoming.replace(settings.published / "current")
