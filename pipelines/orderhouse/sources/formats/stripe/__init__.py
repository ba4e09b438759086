"""Stripe: payments from API objects and events, or from the tables that warehouse connectors land.

Both ways give the same payments under the same keys. The translation of charges, refunds and disputes is in
`payments`, once for both.
"""

from __future__ import annotations

from orderhouse.sources.formats.stripe.events import StripeEvents
from orderhouse.sources.formats.stripe.tables import StripeTables

__all__ = ["StripeEvents", "StripeTables"]
