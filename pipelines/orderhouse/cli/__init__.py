"""The command line: plain sentences in and out, exit codes, no logic of its own.

Commands import what they need when they run, so that `orderhouse status` does not wait for dbt or Dagster. Commands
that need another package (Dagster's `run` and `up`) come from it through the entry-point group `orderhouse.commands`.
"""

from __future__ import annotations

from orderhouse.cli.application import app, main

__all__ = ["app", "main"]
