"""Portal: the pages and answers for the customer of an order, and for programs with a key of the merchant.

It reads published versions and lands requests of customers as actions. It computes no numbers, which belong to
`dbt_project/`, and shows no personal data.
"""

from __future__ import annotations

from orderhouse.portal.server import serve

__all__ = ["serve"]
