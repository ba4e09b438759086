"""Translation of charges, refunds and disputes into payment events.

A Stripe object changes during its life, an event does not. So each occurrence is a row of its own, and every view of
an object that contains the occurrence gives the same row. The same charge in a list, in a webhook and in an older
event gives duplicates and no conflicts. Fields that only fuller views have (method, fee, payout) are empty in others.

The finding of the objects belongs in `events` and `tables`.
"""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.stripe.minor_units import amount_of
from orderhouse.sources.readers.records import RECORD

__all__ = ["CHARGES", "DISPUTES", "LATER", "REFUNDS", "Taken", "of_charges", "of_disputes", "of_refunds", "typed"]

PROVIDER = "stripe"
_SHARED = (
    "order_id",
    "currency",
    "status",
    "amount",
    "created",
    "fee",
    "fee_currency",
    "moved_at",
    "payout_id",
    "payout_at",
)
CHARGES = ("charge_id", *_SHARED, "captured", "amount_captured", "method")
REFUNDS = ("refund_id", "charge_id", *_SHARED, "moved")
DISPUTES = ("dispute_id", "charge_id", *_SHARED, "won_at", "won_fee", "won_payout_id", "won_payout_at", "lost_at")
LATER = ("dispute_id", "movement_id", "charge_id", *_SHARED)
PENDING = ("pending", "requires_action")
INQUIRIES = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented")
OPEN = ("needs_response", "under_review")
ENDED = ("failed", "canceled")

Taken = tuple[pl.DataFrame, dict[str, list[int]]]
"""Rows of payments, and the records that give no row, by the name of their kind."""


def typed(rows: list[dict[str, str | None]], records: list[int], columns: tuple[str, ...]) -> pl.DataFrame:
    """Return objects as a frame of text columns and `_record`."""
    series = [pl.Series(name, [row.get(name) for row in rows], dtype=pl.String) for name in columns]
    return pl.DataFrame([*series, pl.Series(RECORD, records, dtype=pl.Int64)])


def of_charges(charges: pl.DataFrame) -> Taken:
    """Return the payments of charges: a charge that succeeded was authorised at its creation and may be captured.

    A charge does not contain the instant of a later capture. If the fee is known, the instant at which the balance
    moved
    is taken (staging prefers the row with the fee). Otherwise it is the instant of the charge, in every view alike.
    """
    status = pl.col("status").fill_null("unknown")
    charges = charges.with_columns(order_id=pl.coalesce("order_id", "charge_id"), status=status)
    pending = charges.filter(pl.col("status").is_in(PENDING))
    # Unknown statuses become words, which the vocabulary maps or reports as unmapped.
    other = charges.filter(~pl.col("status").is_in([*PENDING, "succeeded"]))
    good = charges.filter(pl.col("status") == "succeeded")
    captured = good.filter(pl.col("captured") == "true").with_columns(
        created=pl.when(_has_fee()).then(pl.coalesce("moved_at", "created")).otherwise("created")
    )
    key = pl.col("charge_id")
    own = pl.lit(None, pl.String)
    rows = [
        _rows(good, key, "charge/authorized", own, amount="amount", with_fee=False),
        _rows(captured, key + "/captured", "charge/captured", key, amount="amount_captured"),
        _rows(other, key + "/" + pl.col("status"), "charge/" + pl.col("status"), own, amount="amount", with_fee=False),
    ]
    return pl.concat(rows), {"pending charges": pending[RECORD].to_list()}


def of_refunds(refunds: pl.DataFrame) -> Taken:
    """Return the payments of refunds; a refund counts once it has succeeded.

    A refund that failed or was canceled, also after the money had moved, has the same id as the refund that an earlier
    view may have reported, and takes its place. A refund that moved no balance released an authorisation, or the rest
    of one after a partial capture.
    """
    refunds = _of_charge(refunds, "refund_id").with_columns(status=pl.col("status").fill_null("unknown"))
    status, key = pl.col("status"), pl.col("refund_id")
    moved = pl.col("moved") == "true"
    known = pl.any_horizontal(status.is_in(["succeeded", *ENDED]), status.is_in(PENDING))
    waiting = refunds.filter(status.is_in(PENDING))
    charge = pl.col("charge_id")
    rows = [
        _rows(refunds.filter((status == "succeeded") & moved), key, "refund/succeeded", charge, amount="amount"),
        _rows(refunds.filter((status == "succeeded") & ~moved), key, "refund/released", charge, amount="amount"),
        _rows(refunds.filter(status.is_in(ENDED)), key, "refund/" + status, charge, amount="amount", with_fee=False),
        _rows(refunds.filter(~known), key + "/" + status, "refund/" + status, charge, amount="amount", with_fee=False),
    ]
    return pl.concat(rows), {"pending refunds": waiting[RECORD].to_list()}


def of_disputes(disputes: pl.DataFrame, later: pl.DataFrame) -> Taken:
    """Return the payments of disputes.

    A dispute takes the money when it is opened; an inquiry takes none. The decisions have instants of their own. A
    movement after the one that takes the money, and other than the one that gives it back, is a cost of the dispute.

    Args:
        disputes: Disputes (the columns of DISPUTES and `_record`).
        later: Their further movements (the columns of LATER and `_record`), with what each costs as its fee.
    """
    disputes = _of_charge(disputes, "dispute_id").with_columns(status=pl.col("status").fill_null("unknown"))
    status, key = pl.col("status"), pl.col("dispute_id")
    inquiries = disputes.filter(status.is_in(INQUIRIES))
    opened = disputes.filter(status.is_in([*OPEN, "won", "lost"]))
    won, lost = disputes.filter(status == "won"), disputes.filter(status == "lost")
    other = disputes.filter(~status.is_in([*INQUIRIES, *OPEN, "won", "lost"]))
    charge = pl.col("charge_id")
    back = won.filter(pl.col("won_at").is_not_null()).with_columns(
        fee="won_fee", created="won_at", payout_id="won_payout_id", payout_at="won_payout_at"
    )
    costs = _of_charge(later, "dispute_id").filter(_has_fee()).with_columns(amount=pl.lit("0"))
    rows = [
        _rows(opened, key, "dispute/created", charge, amount="amount"),
        _rows(back, key + "/won", "dispute/won", charge, amount="amount"),
        _rows(
            lost.filter(pl.col("lost_at").is_not_null()).with_columns(created="lost_at"),
            key + "/lost",
            "dispute/lost",
            charge,
            amount="amount",
            with_fee=False,
        ),
        _rows(costs, key + "/" + pl.col("movement_id"), "dispute/adjusted", charge, amount="amount"),
        _rows(other, key + "/" + status, "dispute/" + status, charge, amount="amount", with_fee=False),
    ]
    kept = {
        "inquiries, which take no money": inquiries[RECORD].to_list(),
        "the winning of disputes whose money is not back yet": won.filter(pl.col("won_at").is_null())[RECORD].to_list(),
        "the losing of disputes without its instant": lost.filter(pl.col("lost_at").is_null())[RECORD].to_list(),
    }
    return pl.concat(rows), kept


def _of_charge(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Replace a missing order id by the id of the charge, whose order the payment then follows."""
    return frame.with_columns(order_id=pl.coalesce("order_id", "charge_id", key))


def _rows(
    frame: pl.DataFrame,
    payment_id: pl.Expr,
    kind: str | pl.Expr,
    parent: pl.Expr,
    *,
    amount: str,
    with_fee: bool = True,
) -> pl.DataFrame:
    currency = pl.col("currency")
    fee = pl.when(_has_fee()).then(amount_of(pl.col("fee"), currency))
    method = pl.col("method") if "method" in frame.columns else pl.lit(None, pl.String)
    nothing = pl.lit(None, pl.String)
    return frame.select(
        "order_id",
        RECORD,
        payment_id=payment_id,
        kind=pl.lit(kind) if isinstance(kind, str) else kind,
        amount=amount_of(pl.col(amount), currency),
        currency=currency.str.to_uppercase(),
        occurred_at="created",
        method=method,
        provider=pl.lit(PROVIDER),
        fee_amount=fee if with_fee else nothing,
        payout_id=pl.col("payout_id") if with_fee else nothing,
        payout_at=pl.col("payout_at") if with_fee else nothing,
        parent_payment_id=parent,
    )


def _has_fee() -> pl.Expr:
    """Return whether there is a fee in the currency of the payment; another currency cannot be stored beside it."""
    same = pl.col("currency").str.to_lowercase() == pl.col("fee_currency").str.to_lowercase()
    return (same & pl.col("fee").is_not_null()).fill_null(False)
