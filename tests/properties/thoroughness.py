"""Number of examples of a property. Each example costs a warehouse, so the default is small."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["times"]

IS_THOROUGH = settings.get_current_profile_name() == "thorough"


def times(few: int, *, many: int) -> int:
    """Return the smaller number, or the larger one with `--hypothesis-profile=thorough`."""
    return many if IS_THOROUGH else few
