"""Command line: options, printed results and exit codes.

Commands contain no logic of their own; that belongs to the other packages of the library. They import what they need
when they run, so that `orderhouse status` does not wait for dbt or Dagster. `run` and `up` reach the Dagster package
through `orchestration`.
"""

from __future__ import annotations

from orderhouse.cli.application import app, main

__all__ = ["app", "main"]
