"""Maximum likelihood with positive parameters, from several starts.

The likelihoods themselves belong in `bg_nbd` and `gamma_gamma`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from orderhouse.errors import OrderhouseError

__all__ = ["Array", "NotFitted", "maximise"]

Array = npt.NDArray[np.float64]

# Logarithms of parameters: outside of these a likelihood is flat, and its maximum is not inside.
LOWEST, HIGHEST = -10.0, 9.5
# Greatest part of the gradient, per customer and by logarithm of a parameter, at a maximum.
FLAT = 1e-5


class NotFitted(OrderhouseError):
    """No maximum was found; the message says why."""


def maximise(
    likelihood: Callable[[Array], tuple[float, Array]], starts: Sequence[Sequence[float]], model: str
) -> tuple[Array, float]:
    """Return the parameters of the greatest likelihood, and its logarithm per customer.

    The search is over the logarithms of the parameters, so that they stay above zero and have one scale.

    Args:
        likelihood: Mean log-likelihood of a customer and its gradient, both by parameters.
        starts: Parameters to start from.
        model: Name for the message.

    Raises:
        NotFitted: No start leads to a maximum.
    """

    def negative(logs: Array) -> tuple[float, Array]:
        parameters = np.exp(logs)
        value, gradient = likelihood(parameters)
        return -value, -gradient * parameters

    bounds = [(LOWEST, HIGHEST)] * len(starts[0])
    options = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-15, "gtol": 1e-9}
    best: tuple[float, Array] | None = None
    for start in starts:
        found = minimize(
            negative, np.log(start), jac=True, method="L-BFGS-B", bounds=bounds, options=options
        )  # fmt: skip
        value, gradient = negative(found.x)
        is_inside = bool(np.all(found.x > LOWEST + 1e-6) and np.all(found.x < HIGHEST - 1e-6))
        is_flat = bool(np.all(np.isfinite(gradient)) and np.max(np.abs(gradient)) < FLAT)
        if is_inside and is_flat and np.isfinite(value) and (best is None or value < best[0]):
            best = value, np.exp(found.x)
    if best is None:
        raise NotFitted(
            f"The likelihood of {model} has no maximum for these customers, so nothing is predicted from it."
        )
    return best[1], -best[0]
