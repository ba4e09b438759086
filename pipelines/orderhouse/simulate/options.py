"""Options of a simulation: size, span, files, and the mess of the delivery. Behaviour does not belong here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Literal

FileFormat = Literal["csv", "ndjson", "parquet"]
Compression = Literal["plain", "gzip", "zstd"]
TruthFormat = Literal["parquet", "csv"]


@dataclass(frozen=True)
class Mess:
    """Mess of the delivery: each kind a share of rows in [0, 1], all 0 by default. The world itself stays clean.

    Attributes:
        duplicates: Rows sent again, half of them in the same file, half in a later one.
        late: Rows in a later file than they should be.
        out_of_order: Rows at the top of their file, newest first.
        malformed: Added rows that break a rule: negative quantity, unknown currency, text for a number, bad date.
        conflicts: Added rows with other content under the same event key, or the same version's `updated_at`.
        orphans: Added payments, shipments, returns and lines of orders that do not exist.
        unknown_words: Added events with a status or kind in no vocabulary.
    """

    duplicates: float = 0.0
    late: float = 0.0
    out_of_order: float = 0.0
    malformed: float = 0.0
    conflicts: float = 0.0
    orphans: float = 0.0
    unknown_words: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not 0.0 <= getattr(self, field.name) <= 1.0:
                raise ValueError(f"mess {field.name} must be a share between 0 and 1")

    @property
    def is_tidy(self) -> bool:
        """Return whether no rows are added, moved or broken."""
        return not any(getattr(self, field.name) for field in fields(self))

    @classmethod
    def light(cls) -> Mess:
        """Return a little of every kind of mess."""
        return cls(0.004, 0.01, 0.02, 0.002, 0.001, 0.002, 0.002)

    @classmethod
    def heavy(cls) -> Mess:
        """Return a lot of every kind of mess."""
        return cls(0.05, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01)


TIDY = Mess()


@dataclass(frozen=True)
class SimulationOptions:
    """One request.

    Attributes:
        orders: New orders, at least 1.
        seed: Seed; the same seed and options give the same bytes.
        to: Folder for the feed files, `sources.yaml` and `truth/`; it is created.
        mess: Mess of the delivery.
        end: Last day of the world, in the business time zone; the feeds contain nothing later.
        days: Number of days over which the orders of a world are spread.
        offset: 0 for a world. Above 0 for an increment: orders numbered from `offset` on, placed in the
            `increment_days` after the former world, and later events of some of its orders.
        base: Orders of the world that an increment continues; default `offset`. A chain of increments of equal
            `orders` keeps `base` and raises `offset` by `orders` each time.
        touched: Existing orders that an increment may change; default a quarter of `orders`. A chain keeps it.
        increment_days: Days that one increment covers.
        orders_per_file: Orders whose records share one file of each feed.
        file_format: csv, ndjson or parquet.
        compression: plain, gzip or zstd; parquet files are always zstd inside and accept only plain.
        truth_format: Format of the files in `truth/`.
        payouts: True to write the feed `payouts` of what providers state; for a whole world only.
        price_lists: True to write the feed `price_lists` with contracts of business customers; for a whole world only.
    """

    orders: int
    seed: int
    to: Path
    mess: Mess = TIDY
    end: date = date(2026, 6, 30)
    days: int = 180
    offset: int = 0
    base: int | None = None
    touched: int | None = None
    increment_days: int = 1
    orders_per_file: int = 100_000
    file_format: FileFormat = "csv"
    compression: Compression = "plain"
    truth_format: TruthFormat = "parquet"
    payouts: bool = False
    price_lists: bool = False

    def __post_init__(self) -> None:
        if self.orders < 1 or self.days < 1 or self.orders_per_file < 1 or self.increment_days < 1:
            raise ValueError("orders, days, orders_per_file and increment_days must be at least 1")
        if self.seed < 0 or self.offset < 0:
            raise ValueError("seed and offset must not be negative")
        if self.file_format == "parquet" and self.compression != "plain":
            raise ValueError("parquet files are compressed inside: leave compression at plain")
        if self.days > 1800:
            raise ValueError("days must be at most 1800")
        if self.base is not None and not 0 < self.base <= self.offset:
            raise ValueError("base must be between 1 and offset")
        if self.payouts and self.offset:
            raise ValueError("payouts are stated for a whole world, which has no offset")
        if self.price_lists and self.offset:
            raise ValueError("price lists belong to a whole world, which has no offset")

    @property
    def base_orders(self) -> int:
        """Return the number of orders of the world itself, without increments."""
        return self.orders if self.offset == 0 else self.base or self.offset
