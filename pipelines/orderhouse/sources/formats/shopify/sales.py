"""Orders and their lines in contract columns, each order in one currency.

The customer's currency is taken if every amount of the order has it, otherwise the shop's own. So an order never mixes
two currencies. The structure of Shopify's objects and tables belongs in `orders` and `tables`.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from orderhouse.sources.formats.shopify.amounts import exact, lacks
from orderhouse.sources.readers.records import RECORD

__all__ = ["EXTRAS", "ORDER", "PAIRS", "Sales", "extra_lines", "in_one_currency"]

ORDER = "_order"
EXTRAS = {"tip": "TIP", "duties": "DUTIES", "fees": "ADDITIONAL_FEES", "tax": "TAX"}
PAIRS = ("unit_price", "discount_amount", "tax_amount")
SHIPPING = ("shipping_amount", "shipping_tax_amount")


@dataclass(frozen=True)
class Sales:
    """Orders split into their parts.

    Each amount is there twice, as ``<name>_shop`` and ``<name>_presentment``, as text.

    Attributes:
        headers: Contract columns of orders without shipping amounts; `_order` numbers them; `presentment_currency`.
        lines: Contract columns of order lines, with the pairs of `PAIRS`; `_order` names the header.
        shipping: The pairs of both shipping amounts per `_order`.
    """

    headers: pl.DataFrame
    lines: pl.DataFrame
    shipping: pl.DataFrame


def extra_lines(extras: pl.DataFrame) -> pl.DataFrame:
    """Return lines for charges that are neither goods nor shipping: one unit of a service each.

    Tips, duties and additional fees are services at their price. Tax that no line contains is the tax of a service at
    0.

    Args:
        extras: `_order`, `_record`, `order_id`, `updated_at`, and the pairs named in `EXTRAS`.
    """
    rows = [
        extras.select(
            ORDER,
            RECORD,
            "order_id",
            "updated_at",
            line_id=pl.lit(name),
            sku=pl.lit(sku),
            quantity=pl.lit("1"),
            requires_shipping=pl.lit("false"),
            cancelled_quantity=pl.lit(0, pl.Int64),
            charged=f"{name}_shop",
            **{
                f"{amount}_{currency}": pl.lit("0")
                if amount == "unit_price" and name == "tax"
                else f"{name}_{currency}"
                for amount in (("unit_price", "tax_amount") if name == "tax" else ("unit_price",))
                for currency in ("shop", "presentment")
            },
        )
        for name, sku in EXTRAS.items()
    ]
    charged = pl.col("charged")
    # An unreadable amount counts as charged, so that the contract reports it.
    some = charged.is_not_null() & (exact(charged) != 0).fill_null(True)
    return pl.concat(rows, how="diagonal").filter(some).drop("charged")


def in_one_currency(sales: Sales) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return rows of orders and of order lines."""
    lacking = pl.concat([_lacking(sales.lines, PAIRS), _lacking(sales.shipping, SHIPPING)]).unique()
    other = pl.col("presentment_currency").is_not_null() & (pl.col("presentment_currency") != pl.col("currency"))
    headers = sales.headers.join(lacking.with_columns(lacks=pl.lit(True)), on=ORDER, how="left", maintain_order="left")
    headers = headers.with_columns(is_presentment=other & pl.col("lacks").is_null())
    chosen = headers.select(ORDER, pl.col("is_presentment").fill_null(False))
    currency = pl.when("is_presentment").then("presentment_currency").otherwise("currency")
    shipping = _chosen(sales.shipping, chosen, SHIPPING)
    orders = headers.with_columns(currency=currency).join(shipping, on=ORDER, how="left", maintain_order="left")
    lines = _chosen(sales.lines, chosen, PAIRS)
    return (
        orders.drop(ORDER, "presentment_currency", "lacks", "is_presentment").sort(RECORD, maintain_order=True),
        lines.drop(ORDER, "is_presentment"),
    )


def _lacking(rows: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Return the orders with an amount that is given in the shop's currency only."""
    alone = [lacks(pl.col(f"{name}_shop"), pl.col(f"{name}_presentment")) for name in names]
    return rows.filter(pl.any_horizontal(*alone)).select(ORDER).unique()


def _chosen(rows: pl.DataFrame, chosen: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    joined = rows.join(chosen, on=ORDER, how="left", maintain_order="left")
    amounts = [
        pl.when("is_presentment")
        .then(pl.coalesce(f"{name}_presentment", f"{name}_shop"))
        .otherwise(f"{name}_shop")
        .alias(name)
        for name in names
    ]
    both = [f"{name}_{currency}" for name in names for currency in ("shop", "presentment")]
    return joined.with_columns(amounts).drop(both)
