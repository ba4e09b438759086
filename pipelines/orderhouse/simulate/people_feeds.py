"""Feed records of people's acts around orders: carts, feedback, actions of operators.

As in `order_feeds`: records after `since` and not after `until`, with the instant of their publication in `_at`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from orderhouse.simulate.calendar import DAY, HOUR, NEVER
from orderhouse.simulate.catalogue import Catalogue
from orderhouse.simulate.columns import instants, numbered, sent, sku, where, words
from orderhouse.simulate.life import Lives

_OPINIONS = ("Quick delivery, thank you", "Box was open", "Exactly as described", "Waited too long", "Would buy again")


def carts_feed(lives: Lives, catalogue: Catalogue) -> pl.DataFrame:
    """Return carts that became some of the web and app orders, and abandoned carts."""
    orders, lines, draws = lives.orders, lives.lines, catalogue.draws
    number = orders.number[lines.order]
    converts = (orders.channel[lines.order] < 2) & draws.chance(number, "cart", 0.25)
    leaves = (lines.line == 1) & draws.chance(number, "leaves a cart", 0.15)
    placed = orders.placed_at[lines.order]
    left_at = placed - draws.between(number, "cart left", 2 * HOUR, 5 * DAY)
    plan = [
        ("K-", "added", converts, placed - draws.between(number, "cart added", 300, 2400) + lines.line),
        ("K-", "converted", converts, placed + lines.line),
        ("L-", "added", leaves, left_at - 600),
        ("L-", "abandoned", leaves, left_at + HOUR),
    ]
    frames = []
    for prefix, status, happens, event_at in plan:
        at = np.maximum(event_at, catalogue.calendar.start)
        known_at = np.maximum(at, placed)  # sent with its order, so that an increment's carts are whole
        chosen = sent(known_at, catalogue.calendar, happens)
        order = lines.order[chosen]
        frame = {
            "cart_id": numbered(prefix, number[chosen]),
            "sku": sku(lines.product[chosen]),
            "status": pl.repeat(status, len(chosen), dtype=pl.String, eager=True),
            "occurred_at": instants(at[chosen]),
            "customer_id": where(numbered("C-", orders.person[order], 8), ~orders.is_guest[order]),
            "quantity": lines.quantity[chosen],
            "order_id": where(numbered("OH-", number[chosen]), np.full(len(chosen), status == "converted")),
            "campaign": words(("newsletter", "search", "social"), number[chosen] % 3),
            "_at": at[chosen],
        }
        frames.append(pl.DataFrame(frame))
    return pl.concat(frames)


def feedback_feed(lives: Lives, catalogue: Catalogue) -> pl.DataFrame:
    """Return scores that some customers give after delivery."""
    orders, draws = lives.orders, catalogue.draws
    asked = draws.chance(orders.number, "feedback", 0.08)
    at = np.where(lives.fulfilment.delivered_at < NEVER, lives.fulfilment.delivered_at + 2 * DAY, NEVER)
    chosen = sent(at, catalogue.calendar, asked)
    number = orders.number[chosen]
    return pl.DataFrame(
        {
            "feedback_id": numbered("F-", number),
            "occurred_at": instants(at[chosen]),
            "order_id": numbered("OH-", number),
            "customer_id": where(numbered("C-", orders.person[chosen], 8), ~orders.is_guest[chosen]),
            "channel": words(("email", "app"), number % 2),
            "score": draws.pick(number, "score", [6, 4, 10, 30, 50]) + 1,
            "scale_max": np.full(len(chosen), 5, dtype=np.int64),
            "topic": words(("delivery", "product", "service"), number % 3),
            "text": words(_OPINIONS, number % 5, draws.chance(number, "writes", 0.4)),
            "_at": at[chosen],
        }
    )


def actions_feed(lives: Lives, catalogue: Catalogue) -> pl.DataFrame:
    """Return holds, releases and confirmations by operators."""
    orders, handling, frames = lives.orders, lives.fulfilment.handling, []
    steps = (("hold", handling.held_at), ("release", handling.released_at), ("confirm", handling.confirmed_at))
    for kind, at in steps:
        chosen = sent(at, catalogue.calendar)
        number = orders.number[chosen]
        frame = {
            "action_id": numbered(f"A-{kind}-", number),
            "order_id": numbered("OH-", number),
            "kind": pl.repeat(kind, len(chosen), dtype=pl.String, eager=True),
            "occurred_at": instants(at[chosen]),
            "actor": words(("amira", "tomasz", "yuki"), number % 3),
            "role": pl.repeat("operator", len(chosen), dtype=pl.String, eager=True),
            "reason": words(("Address looks wrong",), number * 0, np.full(len(chosen), kind == "hold")),
            "_at": at[chosen],
        }
        frames.append(pl.DataFrame(frame))
    return pl.concat(frames)
