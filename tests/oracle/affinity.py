"""Products that are bought together, and what is recommended because of it, as the oracle expects them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import permutations
from typing import Any

from tests.oracle.customers import customer_key
from tests.oracle.days import business_day
from tests.oracle.expected_stock import inventory_positions
from tests.oracle.orders import Order
from tests.oracle.state import State

__all__ = ["product_affinity", "recommendations"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
WINDOW_DAYS, LEAST_ORDERS, MOST, MOST_PER_SKU = 365, 5, 5, 20


def _skus(order: Order, *, of_all_kinds: bool) -> set[str]:
    return {
        str(line.row["sku"])
        for line in order.lines
        if line.ordered_quantity > line.cancelled_quantity
        and (of_all_kinds or not (line.row["is_gift_card"] or line.is_service))
    }


def product_affinity(state: State) -> Cells:
    """Return fct_product_affinity."""
    zone = state.world.time_zone
    first = business_day(state.world.as_of, zone) - timedelta(days=WINDOW_DAYS)
    baskets = [
        skus
        for order in state.orders.values()
        if business_day(order.placed_at, zone) > first and (skus := _skus(order, of_all_kinds=False))
    ]
    alone = Counter(sku for basket in baskets for sku in basket)
    together = Counter(pair for basket in baskets for pair in permutations(basket, 2))
    return {
        (sku, other): {
            "orders_count": count,
            "sku_orders_count": alone[sku],
            "other_orders_count": alone[other],
            "all_orders_count": len(baskets),
            "support_rate": count / len(baskets),
            "confidence_rate": count / alone[sku],
            "lift": count * len(baskets) / (alone[sku] * alone[other]),
        }
        for (sku, other), count in together.items()
        if count >= LEAST_ORDERS
    }


def recommendations(state: State) -> Cells:
    """Return fct_recommendations."""
    partners: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for (sku, other), pair in product_affinity(state).items():
        if pair["lift"] > 1:
            partners[sku].append((-pair["confidence_rate"], -pair["lift"], other))
    bought: dict[str, set[str]] = defaultdict(set)
    for order in state.orders.values():
        if not customer_key(order).startswith("o:"):
            bought[customer_key(order)] |= _skus(order, of_all_kinds=True)
    hidden = {sku for sku, rows in state.products.items() if rows[-1]["is_active"] is False}
    hidden |= {
        sku
        for (sku, warehouse), row in inventory_positions(state).items()
        if warehouse == "network" and row["available_to_promise_quantity"] <= 0
    }
    cells: Cells = {}
    for customer, skus in bought.items():
        best: dict[str, tuple[float, float, str]] = {}
        for sku in skus:
            for confidence, lift, other in sorted(partners[sku])[:MOST_PER_SKU]:
                if other not in skus and other not in hidden:
                    best[other] = min(best.get(other, (0.0, 0.0, "")), (confidence, lift, sku))
        ranked = sorted((confidence, lift, other, sku) for other, (confidence, lift, sku) in best.items())
        for number, (confidence, _, other, sku) in enumerate(ranked[:MOST], 1):
            cells[(customer, other)] = {
                "bought_sku": sku, "recommendation_number": number, "confidence_rate": -confidence,
            }  # fmt: skip
    return cells
