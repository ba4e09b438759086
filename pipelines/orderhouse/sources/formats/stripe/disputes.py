"""Movements of money that a dispute object lists: the first that takes it, the first that gives it back, and others.

Stripe withdraws the disputed amount with a fee, and returns both if the dispute is won. Exchange adjustments and
further fees are movements of their own, which may come later. The payments of disputes belong in `payments`.
"""

from __future__ import annotations

from orderhouse.sources.formats.stripe.objects import Object, at

__all__ = ["later_movements", "taken_and_back"]

LOST = "lost"
Fields = dict[str, str | None]


def taken_and_back(dispute: Object) -> tuple[Fields, Fields]:
    """Return `currency`, `created` and `cost` of the movements that take and return the amount, empty where missing.

    The cost is the part of the movement's net that is not the disputed amount: its fee, in most cases.
    """
    taken, back, _ = _sorted_out(dispute)
    amount = at(dispute, "amount")
    return _fields(taken, amount), _fields(back, f"-{amount}")


def later_movements(dispute: Object) -> list[Fields]:
    """Return `movement_id`, `currency`, `created` and `cost` of the other movements.

    Money that comes back to a lost dispute is a negative cost. Before the decision it may still be the whole amount of
    a dispute that is won, so it waits.
    """
    _, back, others = _sorted_out(dispute)
    if back and at(dispute, "status") == LOST:
        others = [back, *others]
    return [{"movement_id": at(each, "id"), **_fields(each, "0")} for each in others if at(each, "id")]


def _sorted_out(dispute: Object) -> tuple[Object, Object, list[Object]]:
    listed = dispute.get("balance_transactions")
    moved = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    moved.sort(key=lambda each: (_whole(at(each, "created")) or 0, at(each, "id") or ""))
    taken = next((each for each in moved if (at(each, "amount") or "").startswith("-")), {})
    back = next((each for each in moved if not (at(each, "amount") or "-").startswith("-")), {})
    return taken, back, [each for each in moved if each is not taken and each is not back]


def _fields(movement: Object, amount: str | None) -> Fields:
    return {
        "currency": at(movement, "currency"),
        "created": at(movement, "created"),
        "cost": _cost(movement, amount),
    }


def _cost(movement: Object, amount: str | None) -> str | None:
    """Return what a movement takes beyond an amount; its fee where it does not state its net."""
    net, expected = _whole(at(movement, "net")), _whole(amount)
    if net is None or expected is None:
        moved, fee = _whole(at(movement, "amount")), _whole(at(movement, "fee"))
        if expected != 0 or moved is None:
            return at(movement, "fee")
        net = moved - (fee or 0)
    return str(-net - (expected or 0))


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.lstrip("+-").isascii() and text.lstrip("+-").isdigit() else None
