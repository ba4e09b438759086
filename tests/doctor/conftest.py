"""Fixtures of the examined home, which is the one that backups are taken of."""

from __future__ import annotations

from tests.backup.conftest import made, restored, shop, small_project

__all__ = ["made", "restored", "shop", "small_project"]
