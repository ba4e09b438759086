"""Sources: one module per source format, each giving frames in contract columns, and the sources file that names them.

A new format is a module and a line in `FORMATS`. Row rules belong in `orderhouse.contracts`, loading in
`orderhouse.ingest`.
"""

from __future__ import annotations

from orderhouse.sources.amazon import AmazonTables
from orderhouse.sources.canonical import Canonical
from orderhouse.sources.config import Merchant, Source, SourcesFile, load_sources, merchant_of
from orderhouse.sources.easypost import EasypostTrackers
from orderhouse.sources.ecb import EcbRates
from orderhouse.sources.formats import FeedRows, Format
from orderhouse.sources.olist import Olist
from orderhouse.sources.online_retail import OnlineRetail
from orderhouse.sources.shopify import ShopifyOrders, ShopifyTables
from orderhouse.sources.stripe import StripeEvents, StripeTables
from orderhouse.sources.woocommerce import WooCommerce

__all__ = ["FORMATS", "FeedRows", "Format", "Merchant", "Source", "SourcesFile", "load_sources", "merchant_of"]

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Canonical(),
        AmazonTables(),
        EasypostTrackers(),
        EcbRates(),
        Olist(),
        OnlineRetail(),
        ShopifyOrders(),
        ShopifyTables(),
        StripeEvents(),
        StripeTables(),
        WooCommerce(),
    )
}
