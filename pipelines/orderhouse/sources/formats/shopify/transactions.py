"""Transactions and disputes as payments.

The word of a payment is ``kind/status`` as Shopify writes both, so that the vocabulary maps it. A pending transaction
has moved no money: it comes again when it has succeeded or failed.
"""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.shopify.amounts import TEXT
from orderhouse.sources.readers.records import RECORD

__all__ = ["REFUND_KIND", "disputes_of", "is_pending", "payments_of"]

REFUND_KIND = "refund"
PENDING = ("pending", "awaiting_response")
INQUIRY = "inquiry"
OPEN = ("needs_response", "under_review")


def is_pending() -> pl.Expr:
    """Return whether a transaction waits for its outcome."""
    return pl.col("status").str.to_lowercase().is_in(PENDING).fill_null(False)


def payments_of(transactions: pl.DataFrame, currency: str | None, *keep: str) -> pl.DataFrame:
    """Return rows of payments for transactions that have an outcome.

    Args:
        transactions: The shape TRANSACTION and `_record`; `_currency` for those inside an order.
        currency: Currency of transactions that name none and are not inside an order.
        keep: Further columns to keep.
    """
    around = [pl.col("_currency")] if "_currency" in transactions.columns else []
    return transactions.filter(~is_pending()).select(
        RECORD,
        "order_id",
        "amount",
        *keep,
        payment_id="id",
        kind=pl.concat_str("kind", "status", separator="/", ignore_nulls=True),
        currency=pl.coalesce(pl.col("currency").replace("", None), *around, pl.lit(currency, TEXT)),
        occurred_at=pl.coalesce("processed_at", "created_at"),
        method=pl.col("payment_details").struct.field("credit_card_company"),
        provider="gateway",
        parent_payment_id="parent_id",
    )


def disputes_of(disputes: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return rows of payments for opened and decided chargebacks, and the number of inquiries, which hold no money."""
    is_inquiry = (pl.col("type").str.to_lowercase() == INQUIRY).fill_null(False)
    chargebacks = disputes.filter(~is_inquiry)
    opened = chargebacks.select(
        RECORD,
        "order_id",
        "amount",
        "currency",
        payment_id=pl.concat_str(pl.lit("dispute-"), "id"),
        kind=pl.concat_str("type", pl.lit("opened"), separator="/"),
        occurred_at="initiated_at",
        parent_payment_id=pl.lit(None, TEXT),
    )
    is_open = pl.col("status").str.to_lowercase().is_in(OPEN) | pl.col("status").is_null()
    decided = chargebacks.filter(~is_open).select(
        RECORD,
        "order_id",
        "amount",
        "currency",
        payment_id=pl.concat_str(pl.lit("dispute-"), "id", pl.lit("-"), "status"),
        kind=pl.concat_str("type", "status", separator="/"),
        occurred_at=pl.coalesce("finalized_on", "evidence_sent_on", "initiated_at"),
        parent_payment_id=pl.concat_str(pl.lit("dispute-"), "id"),
    )
    return pl.concat([opened, decided]).sort(RECORD, maintain_order=True), disputes.height - chargebacks.height
