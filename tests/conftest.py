"""How thorough the properties are: a handful of examples by default, many with `--hypothesis-profile=thorough`."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("thorough", max_examples=200, deadline=None, print_blob=True)
