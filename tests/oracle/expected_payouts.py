"""Rows of the payout reconciliation as the oracle expects them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.payments import DISPUTES
from tests.oracle.payouts import UNPAID, Payout, payouts_of
from tests.oracle.state import State

__all__ = ["payout_reconciliation"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
MOVEMENTS = {
    "adjustments_amount": "adjustment",
    "reserves_amount": "reserve",
    "provider_fees_amount": "fee",
    "dispute_fees_amount": "dispute_fee",
    "transfers_amount": "transfer",
    "failed_payouts_amount": "failed_payout",
    "unexplained_payments_amount": "unexplained_payment",
    "unknown_movements_amount": "unknown",
}


def payout_reconciliation(state: State) -> Cells:
    """Return fct_payout_reconciliation."""
    return {key: _payout(payout) for key, payout in payouts_of(state).items()}


def _payout(payout: Payout) -> dict[str, Any]:
    parts, events = payout.parts, [part for part in payout.parts if part.is_event]
    payments = [part.payment for part in parts if part.payment is not None]
    at = [part.payment.occurred_at for part in events if part.payment is not None]
    named = {part.payment.row["payout_at"] for part in events if part.payment is not None} - {None}
    cells = {name: sum((part.net for part in payout.of(kind)), ZERO) for name, kind in MOVEMENTS.items()} | {
        "captured_amount": sum((part.amount for part in payout.of("captured")), ZERO),
        "refunded_amount": -sum((part.amount for part in payout.of("refunded")), ZERO),
        "disputed_amount": -sum((part.amount for part in payout.of(*DISPUTES)), ZERO),
        "fees_amount": sum((part.fee for part in parts if part.kind not in MOVEMENTS.values()), ZERO),
    }
    return (
        cells
        | _stated(payout)
        | {
            "payments_count": len(events),
            "movements_count": len(parts) - len(events),
            "orders_count": len({payment.order_id for payment in payments}),
            "orphan_orders_count": len({payment.order_id for payment in payments if payment.is_orphan}),
            "payout_instants_count": len(named),
            "payout_amount": payout.total,
            "first_payment_at": min(at, default=None),
            "last_payment_at": max(at, default=None),
            "payout_at": payout.payout_at,
        }
    )


def _stated(payout: Payout) -> dict[str, Any]:
    state = payout.state
    if state is None:
        names = ("stated_amount", "paid_out_amount", "residual_amount")
        return dict.fromkeys(names) | {"payout_status": "not_stated", "break_type": "not_stated"}
    kind, amount = state["kind"], state["amount"]
    residual: Decimal = (ZERO if kind in UNPAID else amount) - payout.total
    has_parts = any(not part.is_return for part in payout.parts)
    return {
        "payout_status": kind,
        "break_type": "without_parts" if not has_parts else "unexplained" if residual else "exact",
        "stated_amount": amount,
        "paid_out_amount": amount if kind in ("paid", "in_transit") else ZERO,
        "residual_amount": residual,
    }
