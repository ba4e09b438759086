"""Entry point through which the command line reaches the Dagster package.

The library does not import that package. An installation without it has all commands except `run` and `up`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from orderhouse.errors import OrderhouseError

__all__ = ["orchestration"]

GROUP = "orderhouse.orchestration"


def orchestration(name: str) -> Callable[..., Any]:
    """Return a function of the Dagster package.

    Args:
        name: `run`, called with the settings and the keywords `as_of` (None for the clock of the home), `full`,
            `show_status` and `report`; or `serve`, called with the settings and a port, which returns a command and its
            environment variables.

    Raises:
        OrderhouseError: The package is not installed.
    """
    for entry_point in entry_points(group=GROUP, name=name):
        return entry_point.load()  # type: ignore[no-any-return]
    raise OrderhouseError("The package orderhouse_dagster is not installed. Install orderhouse with all its packages.")
