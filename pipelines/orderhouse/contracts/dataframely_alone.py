"""dataframely, imported without SQLAlchemy.

dataframely imports SQLAlchemy and two of its dialects wherever SQLAlchemy is installed, for columns of SQL servers.
Orderhouse uses no such column, but Dagster and Great Expectations install SQLAlchemy. dataframely 3.1 has no option
against it, and no submodule without it: its `__init__` imports `_compat`, which imports SQLAlchemy and goes on without
it after an `ImportError`. So the import of SQLAlchemy is made to fail here while dataframely is imported.

This saves 0.28 s per command that knows the contracts: `import orderhouse.contracts` takes 0.36 s of processor time
instead of 0.64 s (medians of seven runs, Python 3.11). Commands that do not need the contracts do not import them.
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
