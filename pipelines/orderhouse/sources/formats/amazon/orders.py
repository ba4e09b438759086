"""Amazon's orders and their items in contract columns.

Amazon prices an item as a whole: the price is that of all its units. So the unit price is computed, rounded up to
four decimals, and the excess goes into the discount: quantity × unit price − discount is exactly what Amazon charged.
Taxes and shipping are net of their discounts, as in Amazon's own order total. The part of a shipping discount that
exceeds the shipping goes into the line's discount.
"""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.written_days import day_of_midnight
from orderhouse.sources.formats.amazon.tables import amount
from orderhouse.sources.formats.format import Declaration
from orderhouse.sources.readers.records import RECORD

__all__ = ["CANCELLED", "STANDING", "order_lines", "orders", "warehouse_of"]

CANCELLED = ("Canceled", "Unfulfillable")
STANDING = ("Pending", "PendingAvailability", "Unshipped", "PartiallyShipped", "Shipped", "InvoiceUnconfirmed")
# Sales channels whose prices exclude tax.
TAX_ON_TOP = ("Amazon.com", "Amazon.ca")
ORDER = "amazon_order_id"
SCALE = 10_000
SHIPPING = {"shipping": "shipping_price_amount", "shipping_tax": "shipping_tax_amount"}
SHIPPING_DISCOUNTS = {"shipping": "shipping_discount_amount", "shipping_tax": "shipping_discount_tax_amount"}


def orders(
    placed: pl.DataFrame, items: pl.DataFrame, promotions: pl.DataFrame, methods: pl.DataFrame, source: Declaration
) -> pl.DataFrame:
    """Return one row per order.

    A currency that Amazon does not yet state is taken from the items, else from the source's constants.
    """
    status = pl.col("order_status")
    # An unknown status is passed on as it is and breaks the contract's type, so that it is noticed.
    is_cancelled = (
        pl.when(status.is_in(CANCELLED))
        .then(pl.lit("true"))
        .when(status.is_in(STANDING))
        .then(pl.lit("false"))
        .otherwise(status)
    )
    is_replacement = pl.col("is_replacement_order").str.to_lowercase() == "true"
    is_business = (pl.col("is_business_order").str.to_lowercase() == "true").fill_null(False)
    street = [pl.col(f"shipping_address_address_line_{line}") for line in (1, 2, 3)]
    joined = placed
    for more in (_shipping(items), _promotions(promotions), _methods(methods)):
        joined = joined.join(more, on=ORDER, how="left", maintain_order="left")
    declared = pl.lit(source.constants.get("currency"), pl.String)
    includes_tax = source.constants.get("prices_include_tax")
    return joined.select(
        RECORD,
        "discount_code",
        "shipping_amount",
        "shipping_tax_amount",
        order_id=ORDER,
        placed_at="purchase_date",
        updated_at="last_update_date",
        currency=pl.coalesce("order_total_currency_code", "items_currency", declared),
        channel=pl.when(is_business).then(pl.lit("b2b")).otherwise(pl.lit("marketplace")),
        order_type=pl.when(is_replacement)
        .then(pl.concat_str(pl.col("order_type").fill_null("StandardOrder"), pl.lit("/replacement")))
        .otherwise("order_type"),
        original_order_id=pl.when(is_replacement).then("replaced_order_id"),
        email="buyer_info_buyer_email",
        phone="shipping_address_phone",
        ship_name="shipping_address_name",
        ship_street=pl.concat_str(street, separator=", ", ignore_nulls=True),
        ship_city="shipping_address_city",
        ship_region="shipping_address_state_or_region",
        ship_postcode="shipping_address_postal_code",
        ship_country="shipping_address_country_code",
        prices_include_tax=pl.lit(includes_tax) if includes_tax else ~pl.col("sales_channel").is_in(TAX_ON_TOP),
        payment_terms=pl.coalesce("payment_method", "method"),
        # A window ends in its last second. Connectors that keep only its day write the midnight of this day.
        promised_at=day_of_midnight(pl.col("latest_delivery_date")),
        is_cancelled=is_cancelled,
        cancel_reason=pl.when(status.is_in(CANCELLED)).then(status),
    )


def order_lines(items: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Return one row per item. An item has no clock of its own, so that of its order is taken."""
    known = placed.select(ORDER, "last_update_date", "fulfillment_channel", "marketplace_id").unique(
        ORDER, keep="first"
    )
    joined = _with_shipping(items).join(known, on=ORDER, how="left", maintain_order="left")
    units = pl.col("quantity_ordered").cast(pl.Int64, strict=False)
    # A cancelled item has quantity 0 and no price. That is a price of 0 and not a missing one.
    costs_nothing = (units == 0) & pl.col("item_price_amount").is_null()
    price, discount = amount("item_price_amount"), amount("promotion_discount_amount")
    # Whole ten-thousandths, so that division and rounding up are exact.
    total = (price * SCALE).cast(pl.Int64)
    # Rounded up, so that the excess is a discount and never negative.
    each = pl.when(units > 0).then((total + units - 1) // units).otherwise(total)
    too_much = pl.when(units > 0).then(each * units - total).otherwise(0)
    taken_off = ((discount + pl.col("shipping_over")) * SCALE).cast(pl.Int64) + too_much
    is_priced = pl.col("item_price_amount").is_not_null() | costs_nothing
    is_charged = is_priced & (price >= 0) & (discount >= 0) & (units >= 0)
    return joined.select(
        RECORD,
        order_id=ORDER,
        line_id="order_item_id",
        updated_at="last_update_date",
        sku="seller_sku",
        quantity="quantity_ordered",
        unit_price=pl.when(is_charged).then(_amount(each)).otherwise("item_price_amount"),
        discount_amount=pl.when(is_charged).then(_amount(taken_off)).otherwise("promotion_discount_amount"),
        tax_amount=_tax(),
        warehouse_id=pl.when(pl.col("fulfillment_channel") == "AFN").then(warehouse_of("marketplace_id")),
    )


def warehouse_of(marketplace: str) -> pl.Expr:
    """Return one warehouse id for all of Amazon's warehouses of a marketplace."""
    return pl.concat_str(pl.lit("FBA-"), pl.col(marketplace).fill_null("all"))


def _shipping(items: pl.DataFrame) -> pl.DataFrame:
    """Return shipping and its tax per order.

    A value that is not an amount is passed on as it is, so that the contract quarantines the order.
    """
    return (
        _with_shipping(items)
        .group_by(ORDER)
        .agg(
            items_currency=pl.col("item_price_currency_code").drop_nulls().first(),
            shipping_amount=_sum("shipping"),
            shipping_tax_amount=_sum("shipping_tax"),
        )
    )


def _with_shipping(items: pl.DataFrame) -> pl.DataFrame:
    """Add shipping and shipping tax net of their discounts.

    Also added, for each of the two, are the excess of the discount (``_over``) and the value that is not a valid amount
    (``_wrong``).
    """
    parts: dict[str, pl.Expr] = {}
    for name, charged in SHIPPING.items():
        price, discount = amount(charged), amount(SHIPPING_DISCOUNTS[name])
        is_less = discount <= price
        parts[name] = pl.when(is_less).then(price - discount).otherwise(0)
        parts[f"{name}_over"] = pl.when(is_less).then(0).otherwise(discount - price).fill_null(0)
        wrong = [
            pl.when(~(amount(each) >= 0).fill_null(False)).then(each) for each in (charged, SHIPPING_DISCOUNTS[name])
        ]
        parts[f"{name}_wrong"] = pl.coalesce(wrong)
    return items.with_columns(**parts)


def _sum(name: str) -> pl.Expr:
    return pl.coalesce(pl.col(f"{name}_wrong").drop_nulls().first(), pl.col(name).sum().cast(pl.String))


def _tax() -> pl.Expr:
    """Return the tax on the item less that on its discount; a value that is not an amount is passed on."""
    tax, discount = amount("item_tax_amount"), amount("promotion_discount_tax_amount")
    wrong = pl.when(tax.is_null()).then("item_tax_amount").otherwise("promotion_discount_tax_amount")
    return pl.coalesce((tax - discount - pl.col("shipping_tax_over")).cast(pl.String), wrong)


def _amount(ten_thousandths: pl.Expr) -> pl.Expr:
    """Return whole ten-thousandths, not negative, as the text of an amount."""
    cents = (ten_thousandths % SCALE).cast(pl.String).str.zfill(4)
    return pl.concat_str((ten_thousandths // SCALE).cast(pl.String), pl.lit("."), cents)


def _promotions(promotions: pl.DataFrame) -> pl.DataFrame:
    return promotions.group_by(ORDER).agg(
        discount_code=pl.col("promotion_id").drop_nulls().unique().sort().str.join(" ")
    )


def _methods(methods: pl.DataFrame) -> pl.DataFrame:
    """Return the payment method of orders that name only one."""
    return (
        methods.group_by(ORDER)
        .agg(method=pl.col("method").drop_nulls().unique())
        .select(ORDER, method=pl.when(pl.col("method").list.len() == 1).then(pl.col("method").list.first()))
    )
