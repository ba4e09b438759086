"""Commit that a page of measurements names, so that a reader can repeat them."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["measured_commit"]

PROJECT = Path(__file__).parents[1]
# Changes in these folders would make the numbers those of no commit.
MEASURED = ("dbt_project", "pipelines", "tests")


def measured_commit() -> str:
    """Return the short name of the commit that is checked out.

    Raises:
        RuntimeError: Models, code or tests have changes that no commit holds.
    """
    if changed := _git("status", "--porcelain", "--untracked-files=no", "--", *MEASURED):
        raise RuntimeError(f"Commit first: a page cannot name the commit of its numbers while these differ.\n{changed}")
    return _git("rev-parse", "--short=10", "HEAD")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
