"""Amazon's settlement report (flat file V2): one line per amount, and one line with the total that Amazon pays out.

Every line is a movement of the payout. The lines of an order or refund together are also a payment with its fees. The
lines of a report add up to its total, so that the parts of the payout do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.amazon.flat_files import exact_sum, read_report
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.readers.records import RECORD

__all__ = ["AmazonSettlementReport"]

PROVIDER = "amazon"
COLUMNS = (
    "settlement-id",
    "total-amount",
    "transaction-type",
    "order-id",
    "amount-type",
    "amount-description",
    "amount",
)
OPTIONAL = (
    "currency",
    "settlement-start-date",
    "settlement-end-date",
    "deposit-date",
    "adjustment-id",
    "shipment-id",
    "posted-date",
    "posted-date-time",
    "order-item-code",
    "merchant-adjustment-item-id",
    "sku",
    "quantity-purchased",
    "promotion-id",
)
AMOUNTS = ("total-amount", "amount")
INSTANTS = ("settlement-start-date", "settlement-end-date", "deposit-date", "posted-date", "posted-date-time")
# Transactions in which money goes from or to a buyer, each with the sign of what the buyer normally pays.
BUYERS = {"order": 1, "refund": -1, "chargeback refund": -1, "a-to-z guarantee refund": -1}
PAID = ("itemprice", "promotion")
FEES = ("itemfees", "itemrelatedfees", "orderfees", "shipmentfees")
OTHER = "other-transaction"
PAYMENT = ("settlement-id", "type", "order-id", "adjustment-id", "shipment-id", "posted_key")
MOVEMENT = (
    *PAYMENT,
    "order-item-code",
    "merchant-adjustment-item-id",
    "sku",
    "promotion-id",
    "kind",
    "amount-description",
    "amount_key",
)


class AmazonSettlementReport(Format):
    """Lines of settlements of one seller."""

    name = "amazon_settlement_report"
    version = "1"
    covers = ("payments", "payouts")
    time_zone = "UTC"
    numbers = AMOUNTS
    instants = INSTANTS

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of one report."""
        (file,) = files
        report = read_report(source, file, COLUMNS, OPTIONAL, amounts=AMOUNTS, instants=INSTANTS)
        lines = _prepared(report.frame)
        is_total = pl.col("amount").is_null() & pl.col("type").is_null() & pl.col("total-amount").is_not_null()
        totals, amounts = lines.filter(is_total), lines.filter(~is_total)
        # Some files repeat the total on every line and have no line for it alone.
        repeated = amounts.filter(pl.col("total-amount").is_not_null()).join(totals, on="settlement-id", how="anti")
        once = repeated.unique(["settlement-id", "total-amount"], keep="first", maintain_order=True)
        moved = pl.concat([_states(totals), _states(once), _movements(amounts)], how="diagonal").sort(RECORD)
        yield FeedRows("payouts", file, moved, malformed=report.malformed, ignored=report.ignored)
        yield FeedRows("payments", file, _payments(amounts), role="derived")


def _prepared(report: pl.DataFrame) -> pl.DataFrame:
    """Return the lines with what the report states once per settlement, and the ids of their payments."""
    currency = pl.col("currency").drop_nulls().unique()
    once = report.group_by("settlement-id").agg(
        settlement_currency=pl.when(currency.len() == 1).then(currency.first()),
        settlement_end=pl.col("settlement-end-date").max(),
        arrives_at=pl.col("deposit-date").min(),
    )
    kind = pl.col("amount-type").str.to_lowercase()
    detail = pl.col("amount-description").str.to_lowercase().fill_null("unknown")
    amount = pl.col("amount").str.to_decimal(scale=4)
    lines = report.join(once, on="settlement-id", how="left", maintain_order="left").with_columns(
        currency=pl.coalesce("currency", "settlement_currency"),
        type=pl.col("transaction-type").str.to_lowercase(),
        posted=pl.coalesce("posted-date-time", "posted-date", "settlement_end"),
        kind=pl.when(kind == OTHER).then(pl.concat_str(kind, detail, separator="/")).otherwise(kind.fill_null(OTHER)),
        amount_key=pl.coalesce(amount.cast(pl.String), "amount"),
    )
    lines = lines.with_columns(posted_key=pl.col("posted").str.slice(0, 19))
    is_of_buyer = pl.col("type").is_in(list(BUYERS)) & pl.col("order-id").is_not_null()
    is_part = is_of_buyer & pl.col("kind").is_in([*PAID, *FEES])
    elsewhere = pl.concat_str(pl.col("type").fill_null("unknown"), "kind", separator="/")
    return lines.with_columns(
        payment_id=pl.when(is_part).then(_joined(PAYMENT)),
        kind=pl.when(pl.col("kind").is_in(PAID) & ~is_part.fill_null(False)).then(elsewhere).otherwise("kind"),
    )


def _states(totals: pl.DataFrame) -> pl.DataFrame:
    """Return a row for the payout of each settlement."""
    return totals.select(
        RECORD,
        "currency",
        "arrives_at",
        movement_id=pl.concat_str(pl.col("settlement-id"), pl.lit("/deposited")),
        payout_id="settlement-id",
        kind=pl.lit("payout/deposited"),
        amount="total-amount",
        occurred_at=pl.coalesce("settlement-end-date", "settlement_end", "arrives_at"),
        provider=pl.lit(PROVIDER),
    )


def _movements(amounts: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each amount. Lines that are equal in everything are told apart by their number."""
    place = pl.int_range(1, pl.len() + 1).over(MOVEMENT).cast(pl.String)
    return amounts.select(
        RECORD,
        "currency",
        "amount",
        "payment_id",
        movement_id=pl.concat_str(_joined(MOVEMENT), place, separator="/"),
        payout_id="settlement-id",
        kind=pl.lit("movement/") + pl.col("kind"),
        occurred_at="posted",
        provider=pl.lit(PROVIDER),
    )


def _payments(amounts: pl.DataFrame) -> pl.DataFrame:
    """Return a row for what a buyer paid or got back in one transaction, with Amazon's fees on it."""
    of_buyer = pl.col("kind").is_in(PAID)
    events = (
        amounts.filter(pl.col("payment_id").is_not_null())
        .group_by("payment_id", maintain_order=True)
        .agg(
            pl.col(RECORD, "type", "order-id", "settlement-id", "currency", "posted", "arrives_at").first(),
            paid=exact_sum(pl.col("amount").filter(of_buyer)),
            charged=exact_sum(pl.col("amount").filter(~of_buyer)),
        )
    )
    normal = pl.col("type").replace_strict(BUYERS, default=1, return_dtype=pl.Int64)
    size = pl.col("paid").str.strip_prefix("-")
    is_negative = pl.col("paid").str.starts_with("-") & size.str.contains("[1-9]")
    is_reversed = is_negative == (normal == 1)
    is_nothing = ~size.str.contains("[1-9]")
    return events.select(
        RECORD,
        "payment_id",
        "currency",
        order_id="order-id",
        kind=pl.when(is_reversed & ~is_nothing).then(pl.col("type") + "/reversed").otherwise("type"),
        amount=size,
        occurred_at="posted",
        provider=pl.lit(PROVIDER),
        fee_amount=_negated("charged"),
        payout_id="settlement-id",
        payout_at="arrives_at",
    )


def _negated(name: str) -> pl.Expr:
    text = pl.col(name)
    is_nothing = ~text.str.contains("[1-9]")
    changed = pl.when(text.str.starts_with("-")).then(text.str.strip_prefix("-")).otherwise(pl.lit("-") + text)
    return pl.when(is_nothing).then(text).otherwise(changed)


def _joined(columns: Sequence[str]) -> pl.Expr:
    return pl.concat_str([pl.col(name).fill_null("") for name in columns], separator="/")
