"""How many examples a property gets: each costs a warehouse, so there are few unless many are asked for."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["times"]

IS_THOROUGH = settings.get_current_profile_name() == "thorough"


def times(few: int, *, many: int) -> int:
    """The smaller number, or the larger one with `--hypothesis-profile=thorough`."""
    return many if IS_THOROUGH else few
