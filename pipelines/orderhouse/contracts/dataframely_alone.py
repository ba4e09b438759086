"""dataframely without SQLAlchemy, which it takes along for tables of SQL servers wherever it is installed.

Nothing here uses that part; loading it made every command that knows the contracts start 0.6 s later, of 2.4.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

__all__ = ["Column", "RuleFactory", "dy"]


@contextlib.contextmanager
def _without(package: str) -> Iterator[None]:
    """Have imports find no such package, unless it is loaded already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # which imports take for: there is none
    try:
        yield
    finally:
        del sys.modules[package]


with _without("sqlalchemy"):
    import dataframely as dy
    from dataframely._rule import RuleFactory
    from dataframely.columns import Column
