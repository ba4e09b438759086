"""Readers of simulated folders, and the few sums that several tests need."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl


def fingerprints(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def feed(folder: Path, name: str) -> pl.DataFrame:
    """Return all rows of one feed's CSV files, every column as text."""
    return pl.concat([pl.read_csv(path, infer_schema=False) for path in sorted(folder.glob(f"{name}-*.csv"))])


def truth(folder: Path, name: str) -> pl.DataFrame:
    """Return one table of the truth."""
    return pl.concat([pl.read_parquet(path) for path in sorted((folder / "truth").glob(f"{name}*.parquet"))])


def money(column: str) -> pl.Expr:
    """Convert a column of text to an exact amount."""
    return pl.col(column).cast(pl.Decimal(18, 2))


def current(frame: pl.DataFrame, *key: str) -> pl.DataFrame:
    """Keep the newest version of every key."""
    return frame.sort("updated_at").unique(list(key), keep="last", maintain_order=True)
