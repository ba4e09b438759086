"""The main job as the command line sees it: an entry point that the Dagster package fills.

The library does not import the package that orchestrates it. An installation without that package has every command but
`run` and `up`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from orderhouse.errors import OrderhouseError

__all__ = ["orchestration"]

GROUP = "orderhouse.orchestration"


def orchestration(name: str) -> Callable[..., Any]:
    """Return a function of the package that orchestrates.

    Args:
        name: `run`, called with the settings and the keywords `as_of`, `full`, `say` and `report`; or `serve`, called
            with the settings and a port, which returns a command and its environment variables.

    Raises:
        OrderhouseError: No such package is installed.
    """
    for entry_point in entry_points(group=GROUP, name=name):
        return entry_point.load()  # type: ignore[no-any-return]
    raise OrderhouseError("Dagster is not installed with this package. Install orderhouse again, with all of it.")
