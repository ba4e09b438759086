"""Connectors' tables split into the same parts as Shopify's objects: orders, refunds and fulfilments.

The names of the columns belong here and nowhere else. The feeds of the tables belong in `tables_format`.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from orderhouse.sources.formats.shopify.amounts import TEXT, exact, lacks, sku_of, total, whole
from orderhouse.sources.formats.shopify.refunds import CANCELS, REFUND
from orderhouse.sources.formats.shopify.sales import ORDER, Sales, extra_lines
from orderhouse.sources.formats.shopify.table import SYNCED, Table
from orderhouse.sources.readers.records import RECORD

__all__ = ["adjustments", "fulfilments", "refund_lines", "refunds", "sales", "shipped_lines", "transactions"]

Tables = Mapping[str, Table]
ADDRESS = "shipping_address"
UNIT = 10_000


def sales(tables: Tables) -> Sales:
    """Return orders, their lines and their shipping from six tables."""
    orders = _headers(tables["order"], tables["order_discount_code"].live())
    lines = _lines(tables, orders)
    shipping = _shipping(tables, orders)
    extras = extra_lines(_extras(tables["order"], orders, lines, shipping))
    return Sales(orders, pl.concat([lines, extras], how="diagonal"), shipping.drop("is_taxed"))


def _headers(order: Table, codes: Table) -> pl.DataFrame:
    gone = order.is_deleted()
    cancelled_at = order.instant("cancelled_at")
    street = pl.concat_str(
        order.text(f"{ADDRESS}_address_1", f"{ADDRESS}_address1"),
        order.text(f"{ADDRESS}_address_2", f"{ADDRESS}_address2"),
        separator=", ",
        ignore_nulls=True,
    )
    headers = order.frame.with_row_index(ORDER).select(
        ORDER,
        RECORD,
        order_id=order.text("id"),
        placed_at=order.instant("processed_at", "created_at"),
        # A deleted order counts as cancelled from the instant at which the connector saw the deletion.
        updated_at=pl.when(gone)
        .then(order.instant(SYNCED, "updated_at"))
        .otherwise(order.instant("updated_at", SYNCED)),
        currency=order.text("currency", "currency_code"),
        presentment_currency=order.text("presentment_currency", "presentment_currency_code"),
        channel=order.text("source_name"),
        customer_id=order.text("customer_id"),
        email=order.text("email"),
        phone=order.text("phone"),
        ship_name=order.text(f"{ADDRESS}_name"),
        ship_street=street,
        ship_city=order.text(f"{ADDRESS}_city"),
        ship_region=order.text(f"{ADDRESS}_province_code", f"{ADDRESS}_province"),
        ship_postcode=order.text(f"{ADDRESS}_zip"),
        ship_country=order.text(f"{ADDRESS}_country_code"),
        prices_include_tax=order.text("taxes_included"),
        is_cancelled=cancelled_at.is_not_null() | gone,
        cancelled_at=cancelled_at,
        cancel_reason=pl.coalesce(order.text("cancel_reason"), pl.when(gone).then(pl.lit("deleted"))),
        is_test=order.text("test"),
    )
    entered = codes.frame.select(
        order_id=codes.text("order_id"), at=whole(codes.text("index")), code=codes.text("code")
    )
    joined = (
        entered.filter(pl.col("code").is_not_null())
        .sort("at", "code", nulls_last=True)
        .group_by("order_id", maintain_order=True)
        .agg(discount_code=pl.col("code").str.join(", "))
    )
    return headers.join(joined, on="order_id", how="left", maintain_order="left")


def _lines(tables: Tables, orders: pl.DataFrame) -> pl.DataFrame:
    """Return the order lines; a line whose order is not in the bundle has the connector's clock."""
    line = tables["order_line"].live()
    allocated = _summed(
        tables["discount_allocation"].live(), "order_line_id", "allocated", "amount", "allocated_amount"
    )
    taxed = _summed(_first(tables, "order_line_tax_line", "tax_line"), "order_line_id", "tax_amount", "price")
    refunded = refund_lines(tables)
    units = pl.coalesce(whole(pl.col("quantity")), pl.lit(0, pl.Int64))
    taken_back = refunded.group_by("line_id").agg(
        cancelled_units=units.filter(pl.col("restock") == CANCELS).sum(), refunded_units=units.sum()
    )
    in_shop, in_presentment = line.shop("original_total"), line.presentment("original_total")
    rows = line.frame.select(
        RECORD,
        order_id=line.text("order_id"),
        line_id=line.text("id"),
        sku=line.text("sku"),
        variant_id=line.text("variant_id"),
        product_id=line.text("product_id"),
        quantity=line.text("quantity"),
        current=whole(line.text("current_quantity")),
        unfulfilled=whole(line.text("fulfillable_quantity", "unfulfilled_quantity")),
        is_gift_card=line.text("gift_card", "is_gift_card"),
        requires_shipping=line.text("requires_shipping"),
        own_price_shop=line.shop("price", "original_unit_price"),
        own_price_presentment=line.presentment("price", "original_unit_price"),
        total_shop=in_shop,
        total_presentment=in_presentment,
        whole_shop=line.shop("total_discount"),
        whole_presentment=line.presentment("total_discount"),
        synced=line.instant(SYNCED),
    )
    known = orders.select(ORDER, "order_id", "updated_at").unique("order_id", keep="first", maintain_order=True)
    joined = (
        rows.join(known, on="order_id", how="left", maintain_order="left")
        .join(allocated, left_on="line_id", right_on="order_line_id", how="left", maintain_order="left")
        .join(taxed, left_on="line_id", right_on="order_line_id", how="left", maintain_order="left")
        .join(taken_back, on="line_id", how="left", maintain_order="left")
    )
    is_allocated, zero = pl.col("allocated_shop").is_not_null(), pl.lit(0, pl.Int64)
    gone = whole(pl.col("quantity")) - pl.col("current") - pl.coalesce("refunded_units", zero)
    return joined.select(
        ORDER,
        RECORD,
        "order_id",
        "line_id",
        "quantity",
        "unfulfilled",
        "is_gift_card",
        "requires_shipping",
        *_priced("shop", is_allocated),
        *_priced("presentment", is_allocated),
        "tax_amount_shop",
        "tax_amount_presentment",
        updated_at=pl.coalesce("updated_at", "synced"),
        sku=sku_of(),
        cancelled_quantity=pl.coalesce("cancelled_units", zero) + pl.max_horizontal(pl.coalesce(gone, zero), zero),
    )


def _priced(currency: str, is_allocated: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return unit price and discount of a line in one of its currencies.

    A line without a price has the total of its units. Where this does not divide, the price is rounded up to four
    decimals, and the excess is part of the discount.
    """
    own, quantity = pl.col(f"own_price_{currency}"), whole(pl.col("quantity"))
    total_cost = (exact(pl.col(f"total_{currency}")) * UNIT).cast(pl.Int64)
    each = -((-total_cost) // pl.when(quantity > 0).then(quantity))
    price, excess = _amount(each), _amount(each * quantity - total_cost)
    discount = pl.when(is_allocated).then(f"allocated_{currency}").otherwise(f"whole_{currency}")
    is_uneven = own.is_null() & (each * quantity != total_cost).fill_null(False)
    readable = discount.is_null() | exact(discount).is_not_null()
    more = (pl.coalesce(exact(discount), pl.lit(0, pl.Decimal(18, 4))) + excess).cast(TEXT)
    return (
        pl.coalesce(own, price.cast(TEXT)).alias(f"unit_price_{currency}"),
        pl.when(is_uneven & readable).then(more).otherwise(discount).alias(f"discount_amount_{currency}"),
    )


def _amount(ten_thousandths: pl.Expr) -> pl.Expr:
    """Return whole ten-thousandths as an amount."""
    sign = pl.when(ten_thousandths < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    digits = ten_thousandths.abs().cast(TEXT).str.zfill(5)
    written = pl.concat_str(sign, digits.str.head(-4), pl.lit("."), digits.str.tail(4))
    return written.cast(pl.Decimal(18, 4), strict=False)


def _shipping(tables: Tables, orders: pl.DataFrame) -> pl.DataFrame:
    """Return the sum of an order's shipping lines, or the order's own total where none is listed."""
    listed = _shipping_lines(tables, orders)
    order = tables["order"]
    totals = order.frame.with_row_index(ORDER).select(
        ORDER,
        shipping_amount_shop=order.shop("total_shipping_price"),
        shipping_amount_presentment=order.presentment("total_shipping_price"),
        is_taxed=pl.lit(False),
    )
    alone = totals.filter(pl.col("shipping_amount_shop").is_not_null()).join(listed, on=ORDER, how="anti")
    return pl.concat([listed, alone], how="diagonal_relaxed")


def _shipping_lines(tables: Tables, orders: pl.DataFrame) -> pl.DataFrame:
    line = tables["order_shipping_line"].live()
    taxed = _summed(tables["order_shipping_tax_line"].live(), "order_shipping_line_id", "tax", "price")
    rows = line.frame.select(
        order_id=line.text("order_id"),
        shipping_line_id=line.text("id"),
        is_removed=line.text("is_removed").str.to_lowercase() == "true",
        in_shop=line.shop("discounted_price", "price", "original_price"),
        in_presentment=line.presentment("discounted_price", "price", "original_price"),
    )
    joined = rows.filter(~pl.col("is_removed").fill_null(False)).join(
        taxed, left_on="shipping_line_id", right_on="order_shipping_line_id", how="left"
    )
    known = orders.select(ORDER, "order_id").unique("order_id", keep="first", maintain_order=True)
    return (
        joined.join(known, on="order_id", how="inner")
        .group_by(ORDER)
        .agg(
            shipping_amount_shop=total(pl.col("in_shop")),
            shipping_amount_presentment=_complete("in_shop", "in_presentment"),
            shipping_tax_amount_shop=total(pl.col("tax_shop")),
            shipping_tax_amount_presentment=_complete("tax_shop", "tax_presentment"),
            is_taxed=pl.col("tax_shop").is_not_null().any(),
        )
    )


def _extras(order: Table, orders: pl.DataFrame, lines: pl.DataFrame, shipping: pl.DataFrame) -> pl.DataFrame:
    taxed = pl.concat(
        [
            lines.filter(pl.col("tax_amount_shop").is_not_null()).select(ORDER),
            shipping.filter("is_taxed").select(ORDER),
        ]
    ).drop_nulls()
    untaxed = pl.col(ORDER).is_in(lines[ORDER].drop_nulls().implode()) & ~pl.col(ORDER).is_in(taxed[ORDER].implode())
    nothing = pl.lit(None, TEXT)
    charged = order.frame.select(
        RECORD,
        tip_shop=order.shop("total_tip_received"),
        tip_presentment=order.presentment("total_tip_received"),
        duties_shop=order.shop("original_total_duties"),
        duties_presentment=order.presentment("original_total_duties"),
        fees_shop=order.shop("original_total_additional_fees"),
        fees_presentment=order.presentment("original_total_additional_fees"),
        tax_shop=order.shop("total_tax"),
        tax_presentment=order.presentment("total_tax"),
    )
    known = orders.select(ORDER, RECORD, "order_id", "updated_at")
    return known.join(charged, on=RECORD, how="left", maintain_order="left").with_columns(
        tax_shop=pl.when(untaxed).then("tax_shop").otherwise(nothing)
    )


def refunds(tables: Tables) -> pl.DataFrame:
    """Return refunds: `_refund`, id, order_id, their instants and note."""
    refund = tables["refund"].live()
    return refund.frame.with_row_index(REFUND).select(
        REFUND,
        RECORD,
        id=refund.text("id"),
        order_id=refund.text("order_id"),
        created_at=refund.instant("created_at"),
        processed_at=refund.instant("processed_at"),
        note=refund.text("note"),
        restocked=refund.text("restock"),
    )


def refund_lines(tables: Tables) -> pl.DataFrame:
    """Return refunded lines, each once, because some connectors land them in two tables."""
    known_refunds = refunds(tables).select(REFUND, "restocked", refund_id="id").unique("refund_id", keep="first")
    parts = [_refund_lines(tables[name].live()) for name in ("order_line_refund", "refund_line_item")]
    lines = pl.concat(parts).unique("id", keep="first", maintain_order=True)
    is_back = pl.col("restocked").str.to_lowercase() == "true"
    if_old = pl.when(is_back).then(pl.lit("legacy_restock")).otherwise(pl.lit("no_restock"))
    joined = lines.join(known_refunds, on="refund_id", how="left", maintain_order="left")
    return joined.with_columns(restock=pl.coalesce(pl.col("restock").str.to_lowercase(), if_old))


def _refund_lines(line: Table) -> pl.DataFrame:
    return line.frame.select(
        RECORD,
        id=line.text("id"),
        refund_id=line.text("refund_id"),
        line_id=line.text("order_line_id"),
        quantity=line.text("quantity").str.replace(r"\.0*$", ""),
        restock=line.text("restock_type"),
        warehouse_id=line.text("location_id"),
        sku=pl.lit(None, TEXT),
        goods_shop=line.shop("subtotal"),
        goods_presentment=line.presentment("subtotal"),
        tax_shop=line.shop("total_tax"),
        tax_presentment=line.presentment("total_tax"),
        currency_presentment=line.presentment_currency("subtotal"),
    )


def adjustments(tables: Tables) -> pl.DataFrame:
    """Return the refunded amounts that belong to no line."""
    row = tables["order_adjustment"].live()
    known_refunds = refunds(tables).select(REFUND, "id").unique("id", keep="first")
    kind = row.text("kind", "reason").str.to_lowercase().str.replace_all(" ", "_")
    given = row.frame.select(
        refund_id=row.text("refund_id"),
        kind=kind,
        amount_shop=row.shop("amount"),
        amount_presentment=row.presentment("amount"),
        tax_shop=row.shop("tax_amount"),
        tax_presentment=row.presentment("tax_amount"),
        currency_presentment=row.presentment_currency("amount"),
    )
    return given.join(known_refunds, left_on="refund_id", right_on="id", how="inner").drop("refund_id")


def transactions(tables: Tables) -> pl.DataFrame:
    """Return transactions in the shape that `payments_of` takes, with `_refund` for those of a refund."""
    row = tables["transaction"].live()
    company = row.text("payment_credit_card_company")
    known_refunds = refunds(tables).select(REFUND, "id").unique("id", keep="first")
    orders = tables["order"]
    known = orders.frame.select(order_id=orders.text("id"), _currency=orders.text("currency", "currency_code"))
    given = row.frame.select(
        RECORD,
        id=row.text("id"),
        order_id=row.text("order_id"),
        refund_id=row.text("refund_id"),
        parent_id=row.text("parent_id"),
        kind=row.text("kind"),
        status=row.text("status"),
        amount=pl.coalesce(row.text("amount"), row.presentment("amount"), row.shop("amount")),
        currency=pl.coalesce(
            row.text("currency"), row.presentment_currency("amount"), row.text("amount_set_shop_currency_code")
        ),
        gateway=row.text("gateway"),
        created_at=row.instant("created_at"),
        processed_at=row.instant("processed_at"),
        payment_details=pl.struct(credit_card_company=company),
    )
    return given.join(known_refunds, left_on="refund_id", right_on="id", how="left", maintain_order="left").join(
        known.unique("order_id", keep="first"), on="order_id", how="left", maintain_order="left"
    )


def fulfilments(tables: Tables) -> pl.DataFrame:
    """Return fulfilments in the shape that `scans_of` takes, with all their tracking numbers."""
    row = tables["fulfillment"].live()
    info = tables["fulfillment_tracking_info"].live()
    numbers = info.frame.select(
        id=info.text("fulfillment_id"),
        at=whole(info.text("index")),
        company=info.text("company"),
        number=info.text("number"),
    )
    listed = (
        numbers.sort("at", "number", nulls_last=True)
        .group_by("id", maintain_order=True)
        .agg(company=pl.col("company").drop_nulls().first(), numbers=pl.col("number").drop_nulls())
    )
    own = row.text("tracking_numbers").str.extract_all(r"""[^\[\]",'\s]+""")
    rows = row.frame.select(
        RECORD,
        id=row.text("id"),
        order_id=row.text("order_id"),
        status=row.text("status"),
        created_at=row.instant("created_at"),
        updated_at=row.instant("updated_at"),
        location_id=row.text("location_id"),
        service=row.text("service"),
        shipment_status=row.text("shipment_status", "display_status"),
        tracking_company=row.text("tracking_company"),
        tracking_number=row.text("tracking_number"),
        own=own,
    )
    joined = rows.join(listed, on="id", how="left", maintain_order="left")
    return joined.with_columns(
        tracking_company=pl.coalesce("tracking_company", "company"),
        tracking_numbers=pl.when(pl.col("own").list.len() > 0).then("own").otherwise("numbers"),
    ).drop("own", "company", "numbers")


def shipped_lines(fulfilments: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of a fulfilment, if its order has only one: units neither unfulfilled nor cancelled.

    No table has the lines of a fulfilment. With several fulfilments of an order they cannot be known, and are not
    guessed.

    Args:
        fulfilments: Fulfilments that left the building or will; without cancelled ones.
        lines: Lines of `Sales`, with `unfulfilled`.
    """
    alone = fulfilments.filter((pl.len().over("order_id") == 1) & pl.col("order_id").is_not_null())
    held = whole(pl.col("quantity")) - pl.col("cancelled_quantity") - pl.col("unfulfilled")
    units = lines.filter(pl.col("requires_shipping").str.to_lowercase() != "false").select(
        "order_id", "line_id", "sku", quantity=held
    )
    return alone.join(units.filter(pl.col("quantity") > 0), on="order_id", how="inner", maintain_order="left_right")


def _first(tables: Tables, *names: str) -> Table:
    """Return the first of these tables that has rows."""
    found = [tables[name] for name in names if tables[name].frame.height]
    return (found[0] if found else tables[names[0]]).live()


def _summed(table: Table, key: str, name: str, *bases: str) -> pl.DataFrame:
    parts = table.frame.select(
        table.text(key).alias(key), in_shop=table.shop(*bases), in_presentment=table.presentment(*bases)
    )
    return parts.group_by(key).agg(
        total(pl.col("in_shop")).alias(f"{name}_shop"),
        _complete("in_shop", "in_presentment").alias(f"{name}_presentment"),
    )


def _complete(in_shop: str, in_presentment: str) -> pl.Expr:
    alone = lacks(pl.col(in_shop), pl.col(in_presentment)).any()
    return pl.when(~alone).then(total(pl.col(in_presentment)))
