"""Fixtures of the repair tests."""

from tests.ingest.conftest import landing

__all__ = ["landing"]
