"""BG/NBD: how often customers buy while they do, and after which purchase they stop.

Fader, Hardie and Lee, "Counting Your Customers" the Easy Way (Marketing Science 24, 2005). A customer buys at a rate
that is gamma distributed (r, alpha) over customers, and stops after a purchase with a probability that is beta
distributed (a, b). Times are in weeks. A customer is x repeat purchases, the time of the last one since the first
purchase, and the time since the first purchase.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, hyp2f1, psi

from orderhouse.predict.value.likelihood import Array, NotFitted, maximise

__all__ = ["BgNbd", "fit_bg_nbd", "log_likelihood"]

STARTS = ((0.25, 4.0, 0.8, 2.5), (1.0, 10.0, 1.0, 1.0), (0.5, 1.0, 0.1, 1.0), (2.0, 50.0, 0.5, 5.0))
# With a at 1 the expectation is a limit; nearer than this it is computed beside it.
NEAR_ONE = 1e-6


@dataclass(frozen=True)
class BgNbd:
    """Fitted parameters, and the mean log-likelihood of a customer."""

    r: float
    alpha: float
    a: float
    b: float
    mean_log_likelihood: float

    def alive(self, x: Array, recency: Array, observed: Array) -> Array:
        """Return the probability that each customer still buys. Who has no repeat purchase cannot have stopped."""
        return np.asarray(1.0 / (1.0 + self._stopped_odds(x, recency, observed)))

    def expected_purchases(self, x: Array, recency: Array, observed: Array, ahead: float) -> Array:
        """Return the expected purchases of each customer within some weeks after those observed.

        The hypergeometric function of the paper is used after Euler's transformation, in which no term is large.
        """
        a = self.a if abs(self.a - 1.0) > NEAR_ONE else 1.0 + NEAR_ONE
        remaining = (self.alpha + observed) / (self.alpha + observed + ahead)
        series = hyp2f1(a + self.b - 1.0 - self.r, a - 1.0, a + self.b + x - 1.0, 1.0 - remaining)
        bought = (a + self.b + x - 1.0) / (a - 1.0) * (1.0 - remaining ** (a - 1.0) * series)
        return np.asarray(bought / (1.0 + self._stopped_odds(x, recency, observed)))

    def _stopped_odds(self, x: Array, recency: Array, observed: Array) -> Array:
        ratio = np.log(self.alpha + observed) - np.log(self.alpha + recency)
        logs = np.log(self.a) - np.log(self.b + np.maximum(x, 1.0) - 1.0) + (self.r + x) * ratio
        return np.where(x > 0, np.exp(np.minimum(logs, 700.0)), 0.0)


def log_likelihood(parameters: Array, x: Array, recency: Array, observed: Array) -> tuple[float, Array]:
    """Return the mean log-likelihood of a customer and its gradient by r, alpha, a and b.

    Equation 6 of the paper. Both of its terms are added as logarithms, so that neither runs out of range.
    """
    r, alpha, a, b = parameters
    repeats = x > 0
    last = np.maximum(b + x - 1.0, np.finfo(float).tiny)
    log_observed, log_recency = np.log(alpha + observed), np.log(alpha + recency)
    alive = -(r + x) * log_observed
    stopped = np.where(repeats, np.log(a) - np.log(np.where(repeats, last, 1.0)) - (r + x) * log_recency, -np.inf)
    both = np.logaddexp(alive, stopped)
    value = (
        gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x) + both
    )  # fmt: skip
    of_alive, of_stopped = np.exp(alive - both), np.exp(stopped - both)
    beta = psi(a + b) - psi(a + b + x)
    gradient = (
        psi(r + x) - psi(r) + np.log(alpha) - of_alive * log_observed - of_stopped * log_recency,
        r / alpha - (r + x) * (of_alive / (alpha + observed) + of_stopped / (alpha + recency)),
        beta + of_stopped / a,
        beta + psi(b + x) - psi(b) - np.where(repeats, of_stopped / np.where(repeats, last, 1.0), 0.0),
    )
    return float(np.mean(value)), np.array([np.mean(each) for each in gradient])


def fit_bg_nbd(x: Array, recency: Array, observed: Array) -> BgNbd:
    """Fit the model to customers.

    Args:
        x: Repeat purchases of each customer.
        recency: Weeks from the first to the last purchase.
        observed: Weeks since the first purchase.

    Raises:
        NotFitted: There is too little to fit, or the likelihood has no maximum.
    """
    if len(x) < 2:
        raise NotFitted("Fewer than two customers have bought, so nothing is predicted.")
    if not np.any(observed > 0):
        raise NotFitted("All customers bought for the first time today, so nothing is predicted.")
    if not np.any(x > 0):
        raise NotFitted("No customer has bought twice, so nothing is predicted.")
    # The unit of time does not change the fit; with this one the starts suit a week as well as ten years.
    unit = float(np.max(observed)) / 39.0
    parameters, value = maximise(
        lambda each: log_likelihood(each, x, recency / unit, observed / unit), STARTS, "purchases"
    )
    r, alpha, a, b = (float(each) for each in parameters)
    # A purchase in another unit of time has another density.
    return BgNbd(r, alpha * unit, a, b, value - float(np.mean(x)) * float(np.log(unit)))
