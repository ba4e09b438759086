"""Payment events and the book that collects them, column by column.

The instants and amounts of the events belong in `payments` and `refunds`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from orderhouse.simulate.calendar import NEVER
from orderhouse.simulate.draws import Bools, Ints

KINDS = ("authorized", "captured", "voided", "failed", "refunded", "disputed", "dispute_won", "dispute_lost")


METHODS = ("card", "paypal", "klarna", "bank_transfer", "cash_on_delivery", "invoice")


PROVIDERS = ("adyen", "paypal", "klarna", "bank", "carrier", "bank")


# Slots are fixed per kind of event, so that an increment gives an event the same id as the world before it.
NO_SLOT = -1


RETURN, GOODWILL = 1, 2


SLOT_FAILED, SLOT_AUTHORIZED, SLOT_CAPTURED, SLOT_CAPTURED_REST, SLOT_VOIDED = 1, 2, 3, 4, 5


(
    SLOT_CANCEL_REFUND,
    SLOT_LINE_REFUND,
    SLOT_LOST_REFUND,
    SLOT_GOODWILL,
    SLOT_RETURN_REFUND,
    SLOT_DISPUTED,
    SLOT_DECIDED,
) = 6, 7, 8, 9, 10, 11, 12


@dataclass(frozen=True)
class Payments:
    """Payment events. `slot` numbers an order's events; `parent` is the slot to which an event refers, or NO_SLOT.

    `goods`, `tax` and `shipping` split a refund where `is_split`; `for_return` marks refunds of returned units and
    `for_goodwill` those tied to neither a return nor a cancellation.
    """

    order: Ints
    slot: Ints
    kind: Ints
    amount: Ints
    occurred_at: Ints
    fee: Ints
    parent: Ints
    goods: Ints
    tax: Ints
    is_split: Bools
    for_return: Bools
    for_goodwill: Bools

    def __len__(self) -> int:
        return len(self.order)


@dataclass
class PaymentBook:
    """Collection of payment events, column by column."""

    columns: list[dict[str, Ints]] = field(default_factory=list)

    def write(
        self,
        slot: int,
        kind: str,
        happens: Bools,
        amount: Ints,
        at: Ints,
        *,
        fee: Ints | int = 0,
        parent: Ints | int = NO_SLOT,
        goods: Ints | None = None,
        tax: Ints | int = 0,
        purpose: int = 0,
    ) -> None:
        """Add one event for each order where it happens, has an amount above zero and an instant."""
        happens = happens & (amount > 0) & (at < NEVER)
        order = np.flatnonzero(happens).astype(np.int64)

        def of(values: Ints | int) -> Ints:
            return np.broadcast_to(np.asarray(values, dtype=np.int64), happens.shape)[order]

        self.columns.append(
            {
                "order": order,
                "slot": of(slot),
                "kind": of(KINDS.index(kind)),
                "amount": of(amount),
                "occurred_at": of(at),
                "fee": of(fee),
                "parent": of(parent),
                "goods": of(0 if goods is None else goods),
                "tax": of(tax),
                "is_split": of(goods is not None),
                "purpose": of(purpose),
            }
        )

    def close(self) -> Payments:
        """Return all events as one set."""
        joined = {name: np.concatenate([column[name] for column in self.columns]) for name in self.columns[0]}
        purpose = joined.pop("purpose")
        split = joined.pop("is_split") == 1
        return Payments(**joined, is_split=split, for_return=purpose == RETURN, for_goodwill=purpose == GOODWILL)
