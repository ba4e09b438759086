"""Shopify: objects of its API and webhooks (`shopify_orders`), and the tables that connectors land (`shopify_tables`).

Both are split into the same parts, so that an order means the same in both.
"""

from __future__ import annotations

from orderhouse.sources.formats.shopify.orders_format import ShopifyOrders
from orderhouse.sources.formats.shopify.tables_format import ShopifyTables

__all__ = ["ShopifyOrders", "ShopifyTables"]
