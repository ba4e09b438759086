"""Gamma-Gamma: the amount of a purchase, which differs between customers and within one.

Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (2013). The amounts of a customer are gamma distributed
(p, nu), and nu is gamma distributed (q, gamma) over customers. A customer is n purchases and their mean amount.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, psi

from orderhouse.predict.value.likelihood import Array, NotFitted, maximise

__all__ = ["GammaGamma", "fit_gamma_gamma", "log_likelihood"]

STARTS = ((6.0, 4.0, 0.5), (1.5, 2.0, 1.0), (10.0, 1.5, 0.1), (3.0, 8.0, 2.0))


@dataclass(frozen=True)
class GammaGamma:
    """Fitted parameters, and the mean log-likelihood of a customer."""

    p: float
    q: float
    gamma: float
    mean_log_likelihood: float

    def expected_amount(self, n: Array, mean: Array) -> Array:
        """Return the expected amount of a purchase of each customer: a mean of theirs and of all, weighted by n."""
        return np.asarray(self.p * (self.gamma + n * mean) / (self.p * n + self.q - 1.0))


def log_likelihood(parameters: Array, n: Array, mean: Array) -> tuple[float, Array]:
    """Return the mean log-likelihood of a customer and its gradient by p, q and gamma. Equation 1a of the paper."""
    p, q, gamma = parameters
    total = n * mean
    log_sum = np.log(gamma + total)
    value = (
        gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(gamma)
        + p * n * np.log(total) - np.log(mean) - (p * n + q) * log_sum
    )  # fmt: skip
    both = psi(p * n + q)
    gradient = (
        n * (both - psi(p * n) + np.log(total) - log_sum),
        both - psi(q) + np.log(gamma) - log_sum,
        q / gamma - (p * n + q) / (gamma + total),
    )
    return float(np.mean(value)), np.array([np.mean(each) for each in gradient])


def fit_gamma_gamma(n: Array, mean: Array) -> GammaGamma:
    """Fit the model to customers with amounts above zero.

    Args:
        n: Purchases of each customer.
        mean: Mean amount of a purchase of each customer.

    Raises:
        NotFitted: There is too little to fit, the likelihood has no maximum, or the amounts have no mean.
    """
    if len(n) < 2 or not np.any(n > 1):
        raise NotFitted("No customer has two purchases with an amount, so no value is predicted.")
    unit = float(np.mean(mean))
    parameters, value = maximise(lambda each: log_likelihood(each, n, mean / unit), STARTS, "amounts")
    p, q, gamma = (float(each) for each in parameters)
    if q <= 1.0:
        raise NotFitted("The amounts of purchases differ so much that they have no mean, so no value is predicted.")
    return GammaGamma(p, q, gamma * unit, value - float(np.log(unit)))
