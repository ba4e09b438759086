"""Source formats: one module or folder per platform, each turning files into rows of feeds in contract columns.

A new format is a module and a line in `FORMATS`. The reading of bytes belongs in `sources.readers`.
"""

from __future__ import annotations

from orderhouse.sources.formats.adyen import AdyenSettlementDetails
from orderhouse.sources.formats.amazon import AmazonOrderReport, AmazonSettlementReport, AmazonTables
from orderhouse.sources.formats.canonical import Canonical
from orderhouse.sources.formats.easypost import EasypostTrackers
from orderhouse.sources.formats.ecb import EcbRates
from orderhouse.sources.formats.format import Format
from orderhouse.sources.formats.olist import Olist
from orderhouse.sources.formats.online_retail import OnlineRetail
from orderhouse.sources.formats.queried import Queried
from orderhouse.sources.formats.shopify import ShopifyOrders, ShopifyTables
from orderhouse.sources.formats.stripe import StripeEvents, StripeTables
from orderhouse.sources.formats.table_rows import TableRows
from orderhouse.sources.formats.woocommerce import WooCommerce

__all__ = ["FORMATS"]

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Canonical(),
        AdyenSettlementDetails(),
        AmazonTables(),
        AmazonOrderReport(),
        AmazonSettlementReport(),
        EasypostTrackers(),
        EcbRates(),
        Olist(),
        OnlineRetail(),
        Queried(),
        ShopifyOrders(),
        ShopifyTables(),
        StripeEvents(),
        StripeTables(),
        TableRows(),
        WooCommerce(),
    )
}
