"""User without rights, for tests of missing permissions."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["as_nobody"]

NOBODY = 65534


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Act as a user without rights where the tests run as root, who may do anything.

    Import every module before the call, unless everybody may read it.
    """
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
