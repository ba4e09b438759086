"""WooCommerce's REST API, version 3: orders with their refunds, order refunds, products and customers.

Answers of lists and of single objects, batches of what was created, updated and deleted, and webhook bodies.
"""

from __future__ import annotations

from orderhouse.sources.formats.woocommerce.format import WooCommerce

__all__ = ["WooCommerce"]
