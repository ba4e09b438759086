"""The predictors of this release, in the order in which they run."""

from __future__ import annotations

import difflib

from orderhouse.errors import OrderhouseError
from orderhouse.predict.forecasts import Forecasts
from orderhouse.predict.predictor import Predictor
from orderhouse.predict.routing.proposing import Routing
from orderhouse.predict.value.predictor import CustomerValue

__all__ = ["PREDICTORS", "find_predictors"]

PREDICTORS: list[Predictor] = [Routing(), Forecasts(), CustomerValue()]


def find_predictors(name: str | None = None) -> list[Predictor]:
    """Return the predictor of a name, or all of them.

    Raises:
        OrderhouseError: There is none of that name.
    """
    found = [each for each in PREDICTORS if name in (None, each.name)]
    if name is not None and not found:
        names = [each.name for each in PREDICTORS]
        nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.3)
        hint = f" Did you mean {nearest[0]}?" if nearest else ""
        raise OrderhouseError(f"There is no predictor {name!r}.{hint} There are: {', '.join(names) or 'none'}.")
    return found
