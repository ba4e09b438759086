"""Import of dataframely without SQLAlchemy, which dataframely imports for SQL tables wherever it is installed.

Nothing here uses SQL tables. Without the import every command that needs the contracts starts in 1.8 s instead of 2.4.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

__all__ = ["Column", "RuleFactory", "dy"]


@contextlib.contextmanager
def _without(package: str) -> Iterator[None]:
    """Make imports of a package fail, unless it is already imported."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # an import of None raises ImportError
    try:
        yield
    finally:
        del sys.modules[package]


with _without("sqlalchemy"):
    import dataframely as dy
    from dataframely._rule import RuleFactory
    from dataframely.columns import Column
