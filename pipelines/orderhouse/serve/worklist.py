"""Worklist: open exceptions that are neither snoozed nor resolved, the worst first."""

from __future__ import annotations

__all__ = ["AT_STAKE", "RANK"]

# Rank of a severity, the worst first.
RANK = "case severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end"
# A sum without one of its rates is empty: no partial sums.
AT_STAKE = "case when count(amount_at_stake) = count(amount_at_stake_reporting) then sum(amount_at_stake_reporting) end"
