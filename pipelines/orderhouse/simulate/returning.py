"""Returns: requests, approvals, receipts, restocking and scrapping, with all lines of an order in one return.

The refunds of returns belong in `refunds`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderhouse.simulate.calendar import DAY, HOUR, NEVER
from orderhouse.simulate.draws import Bools, Draws, Ints
from orderhouse.simulate.fulfilment import Fulfilment
from orderhouse.simulate.orders import Lines, Orders

STATUSES = ("requested", "approved", "declined", "received", "restocked", "scrapped")
RETURN_REASONS = ("Too small", "Arrived damaged", "Changed my mind", "Not as described", "Wrong item sent")


@dataclass(frozen=True)
class Returns:
    """Returns: per order the instants (NEVER for a step that does not happen), per line the units.

    `quantity` units are requested and received; `restocked` and `scrapped` of them afterwards. A line's `returned`
    quantity at an instant is the greater of received and restocked + scrapped, which are equal here once processed.
    """

    requested_at: Ints
    approved_at: Ints
    declined_at: Ints
    received_at: Ints
    processed_at: Ints
    quantity: Ints
    restocked: Ints
    scrapped: Ints

    def steps(self, lines: Lines) -> list[tuple[str, Bools, Ints, Ints]]:
        """Return each status with the lines it applies to, their units and the instant."""
        back = self.quantity > 0
        order = lines.order
        return [
            ("requested", back, self.quantity, self.requested_at[order]),
            ("approved", back, self.quantity, self.approved_at[order]),
            ("declined", back, self.quantity, self.declined_at[order]),
            ("received", back, self.quantity, self.received_at[order]),
            ("restocked", self.restocked > 0, self.restocked, self.processed_at[order]),
            ("scrapped", self.scrapped > 0, self.scrapped, self.processed_at[order]),
        ]


def return_orders(orders: Orders, lines: Lines, fulfilment: Fulfilment, draws: Draws) -> Returns:
    """Return the returns of delivered orders that are return-prone."""
    key = orders.number
    delivered = fulfilment.delivered_at < NEVER
    returns = orders.is_return_prone & delivered & (fulfilment.handling.cancelled_at == NEVER)
    asked = np.where(returns, fulfilment.delivered_at + draws.between(key, "asks", DAY, 14 * DAY), NEVER)
    declines = draws.chance(key, "declines", 0.06)
    decided = asked + draws.between(key, "decides", HOUR, DAY)
    approved = np.where(returns & ~declines, decided, NEVER)
    arrives = returns & ~declines & draws.chance(key, "comes back", 0.92)
    received = _at_work(np.where(arrives, decided + draws.between(key, "way back", 3 * DAY, 9 * DAY), NEVER), 7 * HOUR)
    processed = arrives & draws.chance(key, "processed", 0.95)
    quantity = _units_back(lines, fulfilment, returns, draws)
    scrapped = np.where(draws.chance(lines.key, "scrap", 0.15), np.maximum(quantity // 2, quantity > 0), 0)
    return Returns(
        requested_at=asked,
        approved_at=approved,
        declined_at=np.where(returns & declines, decided, NEVER),
        received_at=received,
        processed_at=np.where(processed, _at_work(received + DAY, 9 * HOUR), NEVER),
        quantity=quantity,
        restocked=quantity - scrapped,
        scrapped=scrapped,
    )


def _at_work(instants: Ints, hour: int) -> Ints:
    """Return an instant of the same day within ten hours of `hour`: stock moves while the warehouse is open."""
    return np.where(instants < NEVER, instants // DAY * DAY + hour + instants % (10 * HOUR), NEVER)


def _units_back(lines: Lines, fulfilment: Fulfilment, returns: Bools, draws: Draws) -> Ints:
    pieces = fulfilment.pieces
    shipped = np.zeros(len(lines), dtype=np.int64)
    np.add.at(shipped, pieces.line, pieces.quantity)
    chosen = returns[lines.order] & draws.chance(lines.key, "line back", 0.6) & (shipped > 0)
    some = draws.between(lines.key, "units back", 1, np.maximum(shipped, 1))
    return np.where(chosen, np.where(draws.chance(lines.key, "all back", 0.7), shipped, some), 0)
