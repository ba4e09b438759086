"""Customers drawn from known parameters of BG/NBD and Gamma-Gamma."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from orderhouse.predict.value.likelihood import Array

__all__ = ["Drawn", "draw_amounts", "draw_purchases"]


@dataclass(frozen=True)
class Drawn:
    """Customers as the model sees them, and their purchases after the time observed."""

    x: Array
    recency: Array
    observed: Array
    later: Array


def draw_purchases(
    parameters: tuple[float, float, float, float], customers: int, *, weeks: float, ahead: float, seed: int
) -> Drawn:
    """Draw customers of r, alpha, a and b who come during the first half of the weeks."""
    r, alpha, a, b = parameters
    draws = np.random.default_rng(seed)
    rates = draws.gamma(r, 1 / alpha, customers)
    stops = draws.beta(a, b, customers)
    observed = weeks - draws.uniform(0, weeks / 2, customers)
    x, recency, later = (np.zeros(customers) for _ in range(3))
    for customer in range(customers):
        at = 0.0
        while True:
            at += draws.exponential(1 / rates[customer])
            if at > observed[customer] + ahead:
                break
            if at <= observed[customer]:
                x[customer] += 1
                recency[customer] = at
            else:
                later[customer] += 1
            if draws.random() < stops[customer]:
                break
    return Drawn(x, recency, observed, later)


def draw_amounts(parameters: tuple[float, float, float], n: Array, seed: int) -> tuple[Array, Array]:
    """Draw the mean amount of n purchases of each customer, of p, q and gamma, and the true mean of each."""
    p, q, gamma = parameters
    draws = np.random.default_rng(seed)
    nu = draws.gamma(q, 1 / gamma, len(n))
    mean = draws.gamma(p * n, 1 / nu) / n
    return mean, p / nu
