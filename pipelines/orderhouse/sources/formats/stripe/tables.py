"""Stripe's tables as warehouse connectors land them: a bundle per folder, whose tables together give fees and payouts.

They give the same payments under the same keys as the API. Every other table of the folder is listed and not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby
from pathlib import PurePath

import polars as pl

from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.formats.stripe.events import order_paths
from orderhouse.sources.formats.stripe.payments import (
    CHARGES,
    DISPUTES,
    LATER,
    REFUNDS,
    Taken,
    of_charges,
    of_disputes,
    of_refunds,
)
from orderhouse.sources.formats.stripe.payouts import MOVEMENTS, PAYOUTS, movements_of, states_of
from orderhouse.sources.formats.whole_files import CsvFile, read_whole
from orderhouse.sources.readers.records import RECORD

__all__ = ["StripeTables"]

NEEDED: dict[str, tuple[str, ...]] = {
    "charge": ("id", "amount", "currency", "created", "status", "captured"),
    "refund": ("id", "amount", "currency", "created", "status", "charge_id"),
    "dispute": ("id", "amount", "currency", "created", "status", "charge_id"),
    "balance_transaction": ("id", "amount", "currency", "fee", "source"),
    "payout": ("id", "status", "arrival_date"),
    "payout_balance_transaction": ("payout_id", "balance_transaction_id"),
    "payment_method": ("id", "type"),
    "payment_method_card": ("payment_method_id", "brand"),
    "card": ("id", "brand"),
}
OPTIONAL: dict[str, tuple[str, ...]] = {
    "charge": ("balance_transaction_id", "metadata", "description", "payment_method_id", "card_id", "amount_captured"),
    "refund": ("balance_transaction_id", "metadata"),
    "dispute": ("balance_transaction", "metadata"),
    "balance_transaction": ("payout_id", "type", "created"),
    "payout": ("amount", "currency", "created"),
}
PAID_OUT = ("paid", "in_transit")
FED = ("charge", "refund", "dispute", "payout", "balance_transaction")
CSV = re.compile(r"(?:_data)?\.csv(?:\.gz|\.zst)?$")


class StripeTables(Format):
    """The tables of one folder in one bundle."""

    name = "stripe_tables"
    version = "2"
    covers = ("payments", "payouts")
    is_bundle = True
    time_zone = "UTC"

    def bundles(self, _: Declaration, paths: Sequence[str]) -> list[list[str]]:
        """Return the CSV files of each folder."""
        ours = sorted(path for path in paths if CSV.search(PurePath(path).name.lower()))
        return [list(group) for _, group in groupby(ours, key=lambda path: str(PurePath(path).parent))]

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of a folder's tables."""
        by_table = _by_table(files)
        tables = {table: _read(source, table, by_table) for table in NEEDED}
        settled = _settled(tables)
        paths = order_paths(source)
        disputes, later = _disputes(tables, settled, paths)
        for table, taken in (
            ("charge", of_charges(_charges(tables, settled, paths))),
            ("refund", of_refunds(_refunds(tables, settled, paths))),
            ("dispute", of_disputes(disputes, later)),
        ):
            if table in by_table:
                yield from _fed(tables[table], "payments", taken)
        for table, rows in (
            ("payout", states_of(_payouts(tables))),
            ("balance_transaction", movements_of(_movements(tables, settled, disputes, later))),
        ):
            if table in by_table:
                yield from _fed(tables[table], "payouts", _with_rest(tables[table], rows))
        for file in files:
            if file not in [by_table.get(table) for table in FED]:
                yield _looked_up(file, next((each for each in tables.values() if each.file is file), None))


def table_of(name: str) -> str | None:
    """Return the table that a file name ends with, before `_data`: the longest that matches, None for any other."""
    stem = CSV.sub("", name.lower())
    fitting = [table for table in NEEDED if stem == table or stem.endswith(f"_{table}")]
    return max(fitting, key=len, default=None)


def _by_table(files: Sequence[SourceFile]) -> dict[str, SourceFile]:
    found: dict[str, SourceFile] = {}
    for file in files:
        table = table_of(file.name)
        if table and table in found:
            raise FileRejected(f"The folder has two files of the table {table}: {found[table].name} and {file.name}.")
        if table:
            found[table] = file
    if not {"charge", "refund", "dispute"} & set(found):
        raise FileRejected(
            "The folder has no table charge, refund or dispute, so it holds no payments; "
            f"it has {', '.join(file.name for file in files)}."
        )
    return found


def _read(source: Declaration, table: str, by_table: dict[str, SourceFile]) -> CsvFile:
    columns, optional = NEEDED[table], OPTIONAL.get(table, ())
    if table in by_table:
        return read_whole(source, by_table[table], columns, optional)
    empty = pl.DataFrame(schema={**dict.fromkeys((*columns, *optional), pl.String()), RECORD: pl.Int64()})
    return CsvFile(SourceFile("", "", 0, BytesIO), empty, [], ())


def _settled(tables: dict[str, CsvFile]) -> pl.DataFrame:
    """Return the movements of the balance, each with its payout and the instant of that payout."""
    movements = tables["balance_transaction"].frame.unique("id", keep="first", maintain_order=True)
    listed = tables["payout_balance_transaction"].frame.unique("balance_transaction_id", keep="first")
    payouts = tables["payout"].frame.unique("id", keep="first")
    in_payout = movements.join(
        listed.select(id="balance_transaction_id", listed_in="payout_id"), on="id", how="left", maintain_order="left"
    ).with_columns(payout_id=pl.coalesce("payout_id", "listed_in"))
    paid = payouts.filter(pl.col("status").is_in(PAID_OUT)).select(payout_id="id", payout_at="arrival_date")
    return in_payout.join(paid, on="payout_id", how="left", maintain_order="left").select(
        moved_by="id",
        moved_for="source",
        moved_amount="amount",
        moved_at="created",
        fee="fee",
        fee_currency="currency",
        payout_id="payout_id",
        payout_at="payout_at",
    )


def _charges(tables: dict[str, CsvFile], settled: pl.DataFrame, paths: tuple[str, ...]) -> pl.DataFrame:
    """Return the charges with their movements, which give the captured amount.

    A movement that belongs to another object is not that of the charge.
    """
    rows = _with_movement(tables["charge"].frame, "balance_transaction_id", settled)
    same = pl.col("fee_currency") == pl.col("currency")
    return _with_method(rows, tables).select(
        *_shared(rows, paths),
        charge_id="id",
        captured=pl.col("captured").str.to_lowercase(),
        amount_captured=pl.coalesce("amount_captured", pl.when(same).then("moved_amount"), "amount"),
        method="method",
    )[[*CHARGES, RECORD]]


def _refunds(tables: dict[str, CsvFile], settled: pl.DataFrame, paths: tuple[str, ...]) -> pl.DataFrame:
    rows = _with_movement(tables["refund"].frame, "balance_transaction_id", settled)
    moved = pl.col("balance_transaction_id").is_not_null().cast(pl.String)
    return rows.select(*_shared(rows, paths), "charge_id", refund_id="id", moved=moved)[[*REFUNDS, RECORD]]


def _disputes(
    tables: dict[str, CsvFile], settled: pl.DataFrame, paths: tuple[str, ...]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the disputes with the instants of their decisions, and their further movements.

    No table has the instant of a decision. For a won dispute the movement that returned the money gives it, otherwise
    the opening. The table names the movement that took the money.
    """
    rows = _with_movement(tables["dispute"].frame, "balance_transaction", settled)
    of_dispute = settled.join(
        rows.select(moved_for="id", taken="balance_transaction", dispute_status="status"), on="moved_for", how="inner"
    ).sort("moved_at", "moved_by", nulls_last=True)
    is_back = ~pl.col("moved_amount").str.starts_with("-")
    back = of_dispute.filter(is_back).unique("moved_for", keep="first", maintain_order=True)
    is_won = pl.col("dispute_status").str.to_lowercase() != "lost"
    others = of_dispute.filter(pl.col("moved_by") != pl.col("taken")).join(
        back.filter(is_won), on="moved_by", how="anti"
    )
    rows = rows.join(
        back.select(
            id="moved_for",
            back_at="moved_at",
            back_fee="fee",
            back_payout_id="payout_id",
            back_payout_at="payout_at",
        ),
        on="id",
        how="left",
        maintain_order="left",
    )
    disputes = rows.select(
        *_shared(rows, paths),
        "charge_id",
        dispute_id="id",
        won_at=pl.coalesce("back_at", "created"),
        won_fee="back_fee",
        won_payout_id="back_payout_id",
        won_payout_at="back_payout_at",
        lost_at="created",
    )[[*DISPUTES, RECORD]]
    return disputes, _later(others, disputes)


def _later(others: pl.DataFrame, disputes: pl.DataFrame) -> pl.DataFrame:
    """Return further movements of disputes, each with what it costs as its fee."""
    shared = disputes.select("dispute_id", "charge_id", "order_id", "currency", "status", "amount", RECORD)
    moved = others.select(
        "fee_currency",
        "moved_at",
        "payout_id",
        "payout_at",
        dispute_id="moved_for",
        movement_id="moved_by",
        created="moved_at",
        fee=(_whole("fee").fill_null(0) - _whole("moved_amount")).cast(pl.String),
    )
    return (
        moved.rename({"moved_at": "created_at"})
        .join(shared, on="dispute_id", how="inner")
        .with_columns(moved_at="created_at")[[*LATER, RECORD]]
    )


def _whole(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Int64, strict=False)


def _payouts(tables: dict[str, CsvFile]) -> pl.DataFrame:
    """Return the payouts; one without the instant of its creation has that of its arrival."""
    return tables["payout"].frame.select(
        RECORD,
        "status",
        "amount",
        "currency",
        payout_id="id",
        created=pl.coalesce("created", "arrival_date"),
        arrives_at="arrival_date",
    )[[*PAYOUTS, RECORD]]


def _movements(
    tables: dict[str, CsvFile], settled: pl.DataFrame, disputes: pl.DataFrame, later: pl.DataFrame
) -> pl.DataFrame:
    """Return the movements of the balance, each with its payout and the payment event that it belongs to."""
    charges, refunds, table = (tables[name].frame for name in ("charge", "refund", "dispute"))
    back = disputes.filter(pl.col("status") == "won").select(moved_for="dispute_id", created="won_at", fee="won_fee")
    returned = settled.join(back, left_on=["moved_for", "moved_at"], right_on=["moved_for", "created"], how="inner")
    is_back = ~pl.col("moved_amount").str.starts_with("-")
    explained = pl.concat(
        [
            charges.select(movement_id="balance_transaction_id", source="id", payment_id=pl.col("id") + "/captured"),
            refunds.select(movement_id="balance_transaction_id", source="id", payment_id="id"),
            table.select(movement_id="balance_transaction", source="id", payment_id="id"),
            returned.filter(is_back).select(
                movement_id="moved_by", source="moved_for", payment_id=pl.col("moved_for") + "/won"
            ),
            later.select(
                "movement_id", source="dispute_id", payment_id=pl.col("dispute_id") + "/" + pl.col("movement_id")
            ),
        ]
    ).unique(["movement_id", "source"], keep="first", maintain_order=True)
    rows = tables["balance_transaction"].frame.select(RECORD, "type", "source", movement_id="id")
    moved = settled.select(
        "fee",
        "payout_id",
        movement_id="moved_by",
        amount="moved_amount",
        currency="fee_currency",
        created="moved_at",
    )
    return (
        rows.unique("movement_id", keep="first", maintain_order=True)
        .join(moved, on="movement_id", how="inner", maintain_order="left")
        .join(explained, on=["movement_id", "source"], how="left", maintain_order="left")
    )[[*MOVEMENTS, RECORD]]


def _with_rest(table: CsvFile, rows: pl.DataFrame) -> Taken:
    """Return rows of payouts, and the records that give none: they are looked up or belong to no payout."""
    used = rows[RECORD].implode()
    return rows, {
        "rows that are no part of a payout": table.frame.filter(~pl.col(RECORD).is_in(used))[RECORD].to_list()
    }


def _with_movement(rows: pl.DataFrame, by: str, settled: pl.DataFrame) -> pl.DataFrame:
    # Joined on the source too, because a row may name the movement of another object.
    return rows.join(
        settled,
        left_on=[by, "id"],
        right_on=["moved_by", "moved_for"],
        how="left",
        maintain_order="left",
        coalesce=False,
    )


def _with_method(charges: pl.DataFrame, tables: dict[str, CsvFile]) -> pl.DataFrame:
    methods = tables["payment_method"].frame.unique("id", keep="first").select(method_id="id", type="type")
    brands = pl.concat(
        [
            tables["payment_method_card"].frame.select(method_id="payment_method_id", brand="brand"),
            tables["card"].frame.select(method_id="id", brand="brand"),
        ]
    ).unique("method_id", keep="first", maintain_order=True)
    rows = charges.with_columns(method_id=pl.coalesce("payment_method_id", "card_id"))
    rows = rows.join(methods, on="method_id", how="left", maintain_order="left")
    rows = rows.join(brands, on="method_id", how="left", maintain_order="left")
    kind = pl.coalesce("type", pl.when(pl.col("brand").is_not_null()).then(pl.lit("card")))
    whole = pl.when(pl.col("brand").is_null()).then(pl.when(kind != "card").then(kind))
    return rows.with_columns(
        method=whole.otherwise(pl.concat_str(kind, pl.lit("/"), pl.col("brand").str.to_lowercase()))
    )


def _shared(rows: pl.DataFrame, paths: tuple[str, ...]) -> list[pl.Expr]:
    named = [
        pl.col("metadata").str.json_path_match(f"$['{path.removeprefix('metadata.')}']")
        if path.startswith("metadata.")
        else pl.col(path)
        for path in paths
        if path.startswith("metadata.") or path in rows.columns
    ]
    text = [pl.when(name.str.strip_chars() != "").then(name) for name in named]
    order_id = pl.coalesce(*text) if text else pl.lit(None, pl.String)
    plain = ("currency", "amount", "created", "fee", "fee_currency", "moved_at", "payout_id", "payout_at", RECORD)
    return [order_id.alias("order_id"), pl.col("status").str.to_lowercase(), *(pl.col(name) for name in plain)]


def _fed(table: CsvFile, feed: str, taken: Taken) -> Iterator[FeedRows]:
    rows, without = taken
    counted = tuple(f"{len(records)} × {name}" for name, records in without.items() if records)
    rows = rows.sort(RECORD, maintain_order=True)
    yield FeedRows(feed, table.file, rows, malformed=table.malformed, ignored=table.ignored)
    if counted:
        records = pl.DataFrame({RECORD: [each for records in without.values() for each in records]})
        yield FeedRows(None, table.file, records.cast(pl.Int64), role="lookup", ignored=counted)


def _looked_up(file: SourceFile, table: CsvFile | None) -> FeedRows:
    if table is None:
        return FeedRows(None, file, pl.DataFrame(schema={RECORD: pl.Int64}), "lookup", ignored=("any of its columns",))
    return FeedRows(None, file, table.frame, role="lookup", ignored=table.ignored)
