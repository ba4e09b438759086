"""Keys of a dry run: rows that repeat others, contents that contradict each other under one key, and sums of money.

Keys and contents are compared as hashes over all files of a source, so a dry run keeps a few numbers of each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from orderhouse.contracts import CONTRACTS, Contract
from orderhouse.contracts.columns import kind_of
from orderhouse.ingest.duplicates import content_hashes
from orderhouse.sources.readers.records import RECORD

__all__ = ["KeyFindings", "Keys"]

CLOCK = "updated_at"
PLACES = 3
# Money of these columns adds up; prices and costs of one unit do not.
SUMMED = {
    "orders": ("shipping_amount",),
    "payments": ("amount",),
    "payouts": ("amount",),
    "returns": ("credit_amount",),
}
WORTH = "quantity × unit_price"
CENTS = 2


@dataclass(frozen=True)
class KeyFindings:
    """Keys of the accepted rows of one feed.

    Attributes:
        keys: Number of different keys.
        duplicates: Number of rows that repeat an earlier row, as an ingest will count them.
        conflicts: Number of keys with different contents, at one version clock where the feed has one.
        conflicting: Number of different contents of these keys.
        places: Some of them as ``file:line``.
        sums: Sum of each amount by currency (empty text without one), over rows that repeat no other
            and, where the feed has versions, over the latest ones.
        at_stake: The part of these sums in rows of conflicting keys, of which one per key counts.
    """

    keys: int = 0
    duplicates: int = 0
    conflicts: int = 0
    conflicting: int = 0
    places: tuple[str, ...] = ()
    sums: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    at_stake: dict[tuple[str, str], Decimal] = field(default_factory=dict)


class Keys:
    """Keys and amounts of the accepted rows of one feed, gathered from the files of a source."""

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._contract = CONTRACTS[feed]
        self._paths: list[str] = []
        self._frames: list[pl.DataFrame] = []

    def add(self, path: str, accepted: pl.DataFrame) -> None:
        """Add the accepted rows of a file."""
        if path not in self._paths[-1:]:
            self._paths.append(path)
        key = accepted.select(self._contract.key()).hash_rows()
        is_versioned = self._contract.shape == "versioned"
        self._frames.append(
            accepted.select(
                RECORD,
                key.alias("key"),
                (pl.col(CLOCK) if is_versioned else pl.lit(None, pl.Datetime("us"))).alias("at"),
                content_hashes(self._feed, accepted),
                pl.lit(len(self._paths) - 1, pl.Int64).alias("file"),
                _currency(self._contract, accepted),
                *_amounts(self._feed, accepted),
            )
        )

    def findings(self) -> KeyFindings:
        """Return what is to be said about the keys."""
        if not self._frames:
            return KeyFindings()
        rows = pl.concat(self._frames)
        once = rows.unique("content", keep="first", maintain_order=True)
        at = pl.col("at")
        is_current = (at == at.max().over("key")).fill_null(True)
        once = once.with_columns(is_current.alias("is_current"), pl.len().over("key", "at").alias("contents"))
        current = once.filter("is_current")
        conflicting = once.filter(pl.col("contents") > 1)
        return KeyFindings(
            keys=once["key"].n_unique(),
            duplicates=rows.height - once.height,
            conflicts=conflicting.select("key", "at").n_unique(),
            conflicting=conflicting.height,
            places=tuple(self._places(conflicting)),
            sums=_sums(current),
            at_stake=_sums(current.filter(pl.col("contents") > 1)),
        )

    def _places(self, conflicting: pl.DataFrame) -> Sequence[str]:
        """Return the first places of the first conflicting key."""
        first = conflicting.head(1)
        of_key = conflicting.join(first, on=["key", "at"], how="semi", nulls_equal=True, maintain_order="left").head(
            PLACES
        )
        return [f"{self._paths[file]}:{record}" for file, record in of_key.select("file", RECORD).iter_rows()]


def _currency(contract: type[Contract], accepted: pl.DataFrame) -> pl.Expr:
    name = next((name for name, column in contract.fields().items() if kind_of(column) == "currency"), None)
    return (pl.lit("") if name is None or name not in accepted.columns else pl.col(name).fill_null("")).alias(
        "currency"
    )


def _amounts(feed: str, accepted: pl.DataFrame) -> list[pl.Expr]:
    if feed == "order_lines":
        worth = (pl.col("quantity") * pl.col("unit_price")).cast(pl.Decimal(38, 4))
        return [worth.round(CENTS, mode="half_to_even").alias(WORTH)]  # each line by itself, as the models round
    return [pl.col(name).cast(pl.Decimal(38, 4)) for name in SUMMED.get(feed, ())]


def _sums(rows: pl.DataFrame) -> dict[tuple[str, str], Decimal]:
    names = [name for name in rows.columns if isinstance(rows.schema[name], pl.Decimal)]
    summed = rows.group_by("currency").agg(pl.col(names).sum()).sort("currency")
    return {
        (name, str(row["currency"])): Decimal(row[name])
        for name in names
        for row in summed.iter_rows(named=True)
        if row[name]
    }
