"""WooCommerce's REST API, version 3: orders with their refunds, order refunds, products and customers.

The format reads answers of lists and of single objects, batches of created, updated and deleted objects, and webhook
bodies.
"""

from __future__ import annotations

from orderhouse.sources.formats.woocommerce.format import WooCommerce

__all__ = ["WooCommerce"]
