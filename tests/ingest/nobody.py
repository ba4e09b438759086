"""A user without rights, for tests of what happens to one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["as_nobody"]

NOBODY = 65534


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Act as a user without rights where the tests run as root, who may do anything.

    What is imported meanwhile must be readable by everybody; import it before.
    """
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
