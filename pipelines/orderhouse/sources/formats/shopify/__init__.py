"""Shopify: what its API and webhooks send (`shopify_orders`), and the tables that connectors make of it.

Both are taken apart into the same things, so that an order means the same wherever it was read.
"""

from __future__ import annotations

from orderhouse.sources.formats.shopify.orders_format import ShopifyOrders
from orderhouse.sources.formats.shopify.tables_format import ShopifyTables

__all__ = ["ShopifyOrders", "ShopifyTables"]
