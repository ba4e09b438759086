"""Refunds: returned units, and refunded money with its split where the parts add up.

A refund of units that never left (restock type ``cancel``) is a cancellation: it counts on the order's line and gives
no return. Refunds never change, so their events are the same wherever they are read.
"""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.shopify.amounts import TEXT, children, exact, presentment, shop, whole
from orderhouse.sources.formats.shopify.transactions import payments_of
from orderhouse.sources.readers.records import RECORD

__all__ = ["CANCELS", "REFUND", "SPLIT", "refund_lines", "refund_payments", "returns_of", "with_split"]

CANCELS = "cancel"
REFUND = "_refund"
SHIPPING_REFUND = "shipping_refund"
REFUNDED = "refund/success"
PARTS = ("goods", "tax", "shipping", "shipping_tax")
SPLIT = ("goods_amount", "tax_amount", "shipping_amount")
SHIPPING_SETS = ("subtotal_amount_set", "tax_amount_set")


def refund_lines(refunds: pl.DataFrame, keep: str = REFUND) -> pl.DataFrame:
    """Return refunded lines: `line_id`, quantity, `restock` (the action on the units), `warehouse_id`, sku and amounts.

    Args:
        refunds: Frame with the list `refund_line_items` and `restock`.
        keep: The column that identifies the parent.
    """
    named = refunds.rename({"restock": "restocked"})
    rows = children(named, "refund_line_items", keep, RECORD, "restocked")
    if_old = pl.when(pl.col("restocked") == "true").then(pl.lit("legacy_restock")).otherwise(pl.lit("no_restock"))
    line = pl.col("line_item").struct
    return rows.select(
        keep,
        RECORD,
        "quantity",
        line_id=pl.coalesce("line_item_id", line.field("id")),
        restock=pl.coalesce(pl.col("restock_type").replace("", None), if_old),
        warehouse_id="location_id",
        sku=pl.when(pl.col("line_item").is_not_null()).then(_sku_inside("line_item")),
        goods_shop=shop("subtotal", "subtotal_set"),
        goods_presentment=presentment("subtotal_set"),
        tax_shop=shop("total_tax", "total_tax_set"),
        tax_presentment=presentment("total_tax_set"),
        currency_presentment=_currency("subtotal_set"),
    )


def returns_of(refunds: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return rows of returns: units of a line that a refund took back, by the action on them.

    Args:
        refunds: `_refund`, id, order_id, created_at, processed_at, note.
        lines: Result of `refund_lines`, with `_refund`.
    """
    returned = lines.filter(pl.col("restock") != CANCELS).group_by(REFUND, "line_id", "restock", maintain_order=True)
    units = returned.agg(
        _units(),
        pl.col("warehouse_id", "sku").sort().drop_nulls().first(),
        pl.col(RECORD).first(),
    )
    return units.join(refunds.drop(RECORD), on=REFUND, how="left", maintain_order="left").select(
        RECORD,
        "order_id",
        "line_id",
        "quantity",
        "warehouse_id",
        "sku",
        return_id="id",
        status="restock",
        occurred_at=pl.coalesce("processed_at", "created_at"),
        reason="note",
    )


def refund_payments(refunds: pl.DataFrame, lines: pl.DataFrame, currency: str | None) -> pl.DataFrame:
    """Return rows of payments for the transactions of refunds.

    Args:
        refunds: Refunds with `_refund`, `order_id`, and the lists `transactions`, `order_adjustments` and
            `refund_shipping_lines`.
        lines: Result of `refund_lines`, with `_refund`.
        currency: Currency of transactions that name none.
    """
    parents = refunds.rename({"order_id": "_order_id"})
    keys = [REFUND, RECORD, "_order_id", *(["_currency"] if "_currency" in refunds.columns else [])]
    moved = children(parents, "transactions", *keys).with_columns(order_id=pl.coalesce("order_id", "_order_id"))
    return with_split(payments_of(moved, currency, REFUND), refunds, lines, _adjustments(refunds))


def _adjustments(refunds: pl.DataFrame) -> pl.DataFrame:
    """Return the refunded amounts that belong to no line.

    Newer API versions list refunded shipping in `refund_shipping_lines`, above zero. Older ones list it among the
    adjustments, below zero. Where both are there they tell the same.
    """
    adjusted = children(refunds, "order_adjustments", REFUND).select(
        REFUND,
        "kind",
        amount_shop=shop("amount", "amount_set"),
        amount_presentment=presentment("amount_set"),
        tax_shop=shop("tax_amount", "tax_amount_set"),
        tax_presentment=presentment("tax_amount_set"),
        currency_presentment=_currency("amount_set"),
    )
    listed = children(refunds, "refund_shipping_lines", REFUND)
    in_shop = {name: pl.col(name).struct.field("shop_money").struct.field("amount") for name in SHIPPING_SETS}
    shipping = listed.select(
        REFUND,
        kind=pl.lit(SHIPPING_REFUND),
        amount_shop=_below_zero(in_shop["subtotal_amount_set"]),
        amount_presentment=_below_zero(presentment("subtotal_amount_set")),
        tax_shop=_below_zero(in_shop["tax_amount_set"]),
        tax_presentment=_below_zero(presentment("tax_amount_set")),
        currency_presentment=_currency("subtotal_amount_set"),
    )
    is_listed = pl.col(REFUND).is_in(shipping[REFUND].implode()) & (pl.col("kind") == SHIPPING_REFUND)
    return pl.concat([adjusted.filter(~is_listed.fill_null(False)), shipping])


def _below_zero(text: pl.Expr) -> pl.Expr:
    return (-exact(text)).cast(TEXT)


def with_split(
    payments: pl.DataFrame, refunds: pl.DataFrame, lines: pl.DataFrame, adjustments: pl.DataFrame
) -> pl.DataFrame:
    """Return payments of refunds with their return, and with their split where the parts add up to the amount.

    Args:
        payments: Rows of payments with `_refund`.
        refunds: `_refund` and id.
        lines: Result of `refund_lines`, with `_refund`.
        adjustments: `_refund`, kind, and amount and tax in both currencies, negative where money is given back, with
            `currency_presentment`.
    """
    returned = lines.filter(pl.col("restock") != CANCELS).select(REFUND).unique()
    returned = returned.join(refunds.select(REFUND, return_id="id"), on=REFUND)
    joined = payments.join(returned, on=REFUND, how="left", maintain_order="left")
    joined = joined.join(_parts(lines, adjustments), on=REFUND, how="left", maintain_order="left")
    in_presentment = (pl.col("currency") == pl.col("currency_presentment")).fill_null(False)
    joined = joined.with_columns(
        pl.when(in_presentment).then(f"{part}_presentment").otherwise(f"{part}_shop").alias(f"_{part}")
        for part in PARTS
    )
    goods, tax, shipping, shipping_tax = (pl.col(f"_{part}") for part in PARTS)
    is_refund = pl.col(REFUND).is_not_null() & (pl.col("kind").str.to_lowercase() == REFUNDED)
    paid = pl.when(is_refund).then(exact(pl.col("amount")))
    joined = joined.with_columns(
        _paid=paid.sum().over(REFUND, "currency"),
        _ends_at=paid.cum_sum().over(REFUND, "currency"),
        _amount=paid,
    )
    total = pl.col("_paid")
    adds_up = is_refund & (goods + tax + shipping + shipping_tax == total)
    # With prices that include tax, the goods' amount contains the tax already, and that of shipping may contain it.
    adds_up_gross = is_refund & (goods + shipping == total)
    adds_up_mixed = is_refund & (goods + shipping + shipping_tax == total)
    zero = pl.lit(0, pl.Decimal(18, 4))
    taken_off = [
        pl.when(adds_up).then(zero).when(adds_up_gross).then(each).when(adds_up_mixed).then(mixed)
        for each, mixed in ((tax, tax), (shipping_tax, zero))
    ]
    joined = joined.with_columns(
        goods_amount=goods - taken_off[0],
        tax_amount=pl.when(adds_up | adds_up_gross | adds_up_mixed).then(tax + shipping_tax),
        shipping_amount=shipping - taken_off[1],
    )
    return joined.with_columns(_share(position).cast(TEXT).alias(name) for position, name in enumerate(SPLIT)).select(
        *payments.drop(REFUND).columns, "return_id", *SPLIT
    )


def _share(position: int) -> pl.Expr:
    """Return the share of one payment in a part of its refund.

    A refund that is paid back in several ways, such as a gift card and a card, has one split. The first payment pays
    for the goods, as far as it reaches, then for the tax, then for shipping.
    """
    part, amount = pl.col(SPLIT[position]), pl.col("_amount")
    before = pl.sum_horizontal(*(pl.col(name) for name in SPLIT[:position]), pl.lit(0, pl.Decimal(18, 4)))
    starts_at = pl.col("_ends_at") - amount
    shared = pl.min_horizontal(before + part, pl.col("_ends_at")) - pl.max_horizontal(before, starts_at)
    is_alone = amount == pl.col("_paid")
    return pl.when(is_alone).then(part).when(part.is_not_null()).then(pl.when(shared > 0).then(shared).otherwise(0))


def _parts(lines: pl.DataFrame, adjustments: pl.DataFrame) -> pl.DataFrame:
    """Return the parts of each refund in both currencies; adjustments of other kinds than shipping concern goods."""
    is_shipping = pl.col("kind") == SHIPPING_REFUND
    back = [
        adjustments.filter(is_shipping).select(
            REFUND, "currency_presentment", **_negated("amount", "shipping"), **_negated("tax", "shipping_tax")
        ),
        adjustments.filter(~is_shipping).select(
            REFUND, "currency_presentment", **_negated("amount", "goods"), **_negated("tax", "tax")
        ),
    ]
    amounts = [f"{part}_{currency}" for part in ("goods", "tax") for currency in ("shop", "presentment")]
    of_lines = lines.select(REFUND, "currency_presentment", *(exact(pl.col(name)).alias(name) for name in amounts))
    together = pl.concat([of_lines, *back], how="diagonal_relaxed")
    names = [f"{part}_{currency}" for part in PARTS for currency in ("shop", "presentment")]
    return together.group_by(REFUND).agg(
        pl.col("currency_presentment").drop_nulls().first(),
        *(pl.col(name).sum().cast(pl.Decimal(18, 4)) for name in names),
    )


def _negated(name: str, part: str) -> dict[str, pl.Expr]:
    return {
        f"{part}_{currency}": (-exact(pl.col(f"{name}_{currency}"))).cast(pl.Decimal(18, 4))
        for currency in ("shop", "presentment")
    }


def _units() -> pl.Expr:
    """Return the units of a group, as text; a number that cannot be read is passed on."""
    quantity = pl.col("quantity")
    unreadable = quantity.filter(quantity.is_null() | whole(quantity).is_null())
    passed_on = pl.when(unreadable.len() > 0).then(pl.coalesce(unreadable.first(), pl.lit("")))
    return pl.coalesce(passed_on, whole(quantity).sum().cast(TEXT)).alias("quantity")


def _currency(money_set: str) -> pl.Expr:
    return pl.col(money_set).struct.field("presentment_money").struct.field("currency_code")


def _sku_inside(column: str) -> pl.Expr:
    part = pl.col(column).struct
    return pl.coalesce(
        part.field("sku").str.strip_chars().replace("", None),
        pl.concat_str(pl.lit("variant-"), part.field("variant_id")),
        pl.concat_str(pl.lit("product-"), part.field("product_id")),
        pl.lit("custom"),
    )
