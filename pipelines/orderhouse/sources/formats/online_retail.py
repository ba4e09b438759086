"""Daily invoice lines of a UK wholesaler: one CSV row per invoice line, credit note line or stock adjustment.

Every row has exactly one primary feed: a `C…` invoice goes to returns, price 0 without customer to stock, anything
else to order_lines. Orders, products and customers are derived from the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.formats.whole_files import exact, read_whole
from orderhouse.sources.readers.records import RECORD

__all__ = ["OnlineRetail"]

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
CURRENCY = "GBP"
# Stock codes of postage, fees and manual entries, which are not goods.
SERVICES = ("POST", "DOT", "M", "D", "S", "B", "C2", "BANK CHARGES", "AMAZONFEE", "CRUK", "ADJUST", "TEST")
# Entries of the country column that have no ISO code.
NO_COUNTRY = ("Channel Islands", "European Community", "Unspecified")
COUNTRIES = {
    "Australia": "AU",
    "Austria": "AT",
    "Bahrain": "BH",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Cyprus": "CY",
    "Czech Republic": "CZ",
    "Denmark": "DK",
    "EIRE": "IE",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Greece": "GR",
    "Hong Kong": "HK",
    "Iceland": "IS",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Lebanon": "LB",
    "Lithuania": "LT",
    "Malta": "MT",
    "Netherlands": "NL",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "RSA": "ZA",
    "Saudi Arabia": "SA",
    "Singapore": "SG",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "USA": "US",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
}


class OnlineRetail(Format):
    """Invoice lines with customer and country on every row."""

    name = "online_retail"
    version = "1"
    covers = ("orders", "order_lines", "returns", "customers", "products")
    time_zone = "Europe/London"
    numbers = ("Quantity", "UnitPrice")
    instants = ("InvoiceDate",)

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of one day's file."""
        (file,) = files
        read = read_whole(source, file, COLUMNS, numbers=self.numbers, instants=self.instants)
        rows = _prepared(read.frame)
        is_credit = pl.col("InvoiceNo").str.starts_with("C")
        is_adjustment = (pl.col("price") == 0) & pl.col("customer_id").is_null()
        is_credit, is_adjustment = is_credit.fill_null(False), is_adjustment.fill_null(False)
        credits = rows.filter(is_credit)
        adjustments = rows.filter(~is_credit & is_adjustment)
        sales = rows.filter(~is_credit & ~is_adjustment)
        yield FeedRows("order_lines", file, _order_lines(sales), malformed=read.malformed, ignored=read.ignored)
        yield FeedRows("returns", file, _returns(credits))
        yield FeedRows("stock", file, _stock(adjustments))
        # Other rows are quarantined as order lines, so nothing is derived from them.
        good = sales.filter((pl.col("price") >= 0) & (pl.col("units") >= 0))
        yield FeedRows("orders", file, _orders(good), role="derived")
        bought = pl.concat([good, credits]).filter(pl.col("price") > 0).sort(RECORD)
        yield FeedRows("products", file, _products(bought), role="derived")
        yield FeedRows("customers", file, _customers(bought), role="derived")


def _prepared(frame: pl.DataFrame) -> pl.DataFrame:
    service = pl.col("StockCode").str.to_uppercase().is_in(SERVICES)
    country = pl.col("Country")
    return frame.with_columns(
        units=pl.col("Quantity").cast(pl.Int64, strict=False),
        price=exact("UnitPrice"),
        # The column has empty cells, so it was exported as floating point.
        customer_id=pl.col("CustomerID").str.strip_suffix(".0"),
        country=pl.when(~country.is_in(NO_COUNTRY)).then(country.replace(COUNTRIES)),
        region=pl.when(country == "Channel Islands").then(country),
        # The file has no line numbers, so lines are numbered in their order.
        line_id=pl.int_range(1, pl.len() + 1).over("InvoiceNo").cast(pl.String),
        is_service=service,
    )


def _order_lines(sales: pl.DataFrame) -> pl.DataFrame:
    return sales.select(
        "line_id",
        RECORD,
        order_id="InvoiceNo",
        updated_at="InvoiceDate",
        sku="StockCode",
        quantity="Quantity",
        unit_price="UnitPrice",
        requires_shipping=~pl.col("is_service"),
    )


def _returns(credits: pl.DataFrame) -> pl.DataFrame:
    amount = (pl.col("units") * pl.col("price")).abs().cast(pl.String)
    return credits.select(
        "line_id",
        "customer_id",
        "country",
        RECORD,
        return_id="InvoiceNo",
        status=pl.lit("restocked"),
        occurred_at="InvoiceDate",
        quantity=pl.col("Quantity").str.strip_prefix("-"),
        sku="StockCode",
        credit_amount=pl.when(pl.col("price").is_null()).then("UnitPrice").otherwise(amount),
        currency=pl.lit(CURRENCY),
    )


def _stock(adjustments: pl.DataFrame) -> pl.DataFrame:
    return adjustments.select(
        RECORD,
        movement_id=pl.concat_str("InvoiceNo", "line_id", separator="-"),
        sku="StockCode",
        warehouse_id=pl.lit("unassigned"),
        kind=pl.lit("adjustment"),
        quantity="Quantity",
        occurred_at="InvoiceDate",
    )


def _orders(sales: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("customer_id", "country", "region", RECORD).first()
    invoices = sales.group_by("InvoiceNo", maintain_order=True).agg(
        first, placed_at=pl.col("InvoiceDate").min(), updated_at=pl.col("InvoiceDate").max()
    )
    return invoices.select(
        "placed_at",
        "updated_at",
        "customer_id",
        RECORD,
        order_id="InvoiceNo",
        currency=pl.lit(CURRENCY),
        ship_region="region",
        ship_country="country",
    )


def _products(bought: pl.DataFrame) -> pl.DataFrame:
    latest = bought.sort("InvoiceDate", RECORD).unique("StockCode", keep="last", maintain_order=True).sort(RECORD)
    return latest.select(
        RECORD,
        sku="StockCode",
        updated_at="InvoiceDate",
        name="Description",
        kind=pl.when("is_service").then(pl.lit("service")).otherwise(pl.lit("goods")),
    )


def _customers(bought: pl.DataFrame) -> pl.DataFrame:
    known = bought.filter(pl.col("customer_id").is_not_null()).sort("InvoiceDate", RECORD)
    latest = known.unique("customer_id", keep="last", maintain_order=True).sort(RECORD)
    return latest.select("customer_id", "country", "region", RECORD, updated_at="InvoiceDate")
