"""Named points at which a test may kill the process, to prove that killing it changes nothing.

``ORDERHOUSE_FAULT=after_vault`` ends the process at the checkpoint of that name as ``kill -9`` would: no clean-up,
no flush. ``ORDERHOUSE_FAULT=after_commit:3`` does so at the third time it is reached. Without the variable a
checkpoint costs one look-up.
"""

from __future__ import annotations

import os

__all__ = ["checkpoint"]

VARIABLE = "ORDERHOUSE_FAULT"

_reached: dict[str, int] = {}


def checkpoint(name: str) -> None:
    """End the process here with status 137 if the environment asks for it.

    Args:
        name: The checkpoint's name, for example ``after_vault``.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    wanted_name, _, nth = wanted.partition(":")
    if wanted_name != name:
        return
    _reached[name] = _reached.get(name, 0) + 1
    if _reached[name] >= int(nth or 1):
        os._exit(137)
