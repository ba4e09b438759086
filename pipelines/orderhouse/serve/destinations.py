"""Destinations that the configuration allows for exports of jobs and pages.

Whoever may start a job must not choose where data goes. The command line is not limited: who has a shell on this
machine can copy the files anyway.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from orderhouse.errors import OrderhouseError
from orderhouse.serve.places import is_remote
from orderhouse.settings import Settings

__all__ = ["check_destination"]


def check_destination(settings: Settings, place: str) -> str:
    """Return a destination of an export if the configuration allows it.

    Args:
        settings: Settings of the home. Allowed are `<home>/exports` and `export_destinations`, with all that is below.
        place: A folder or an address of an object store. Links of the folder are followed before it is compared. The
            options of an address, such as its endpoint, must be those of the configured one.

    Raises:
        OrderhouseError: It is not allowed.
    """
    allowed = [str(settings.exports), *settings.export_destinations]
    if any(_is_below(place, each) for each in allowed):
        return place
    raise OrderhouseError(
        f"Exports may not go to {place}. Allowed are {', '.join(allowed)}. "
        "To allow another destination, add it to `export_destinations` in orderhouse.toml."
    )


def _is_below(place: str, allowed: str) -> bool:
    if is_remote(place) != is_remote(allowed):
        return False
    if not is_remote(place):
        return Path(place).resolve().is_relative_to(Path(allowed).resolve())
    address, _, options = place.partition("?")
    allowed_address, _, allowed_options = allowed.partition("?")
    parts = PurePosixPath(address).parts
    return options == allowed_options and ".." not in parts and _starts(parts, PurePosixPath(allowed_address).parts)


def _starts(parts: tuple[str, ...], beginning: tuple[str, ...]) -> bool:
    return parts[: len(beginning)] == beginning
