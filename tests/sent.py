"""Feeds that sources send; the product writes the others itself."""

from __future__ import annotations

from orderhouse.contracts import CONTRACTS

__all__ = ["SENT"]

SENT = tuple(feed for feed in CONTRACTS if feed not in ("campaign_members", "suppressions"))
