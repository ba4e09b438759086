"""Fixtures: both operations stores, and real servers that fail as they are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from orderhouse.operations.store import Store, open_store
from orderhouse.settings import Settings

from tests.messages.sinks import HttpSink, MailSink
from tests.operations.conftest import postgresql, settings

__all__ = ["postgresql", "settings"]


@pytest.fixture
def store(settings: Settings) -> Store:
    """Return the operations store."""
    return open_store(settings)


@pytest.fixture
def http() -> Iterator[HttpSink]:
    """Run a receiver of webhooks."""
    with HttpSink() as sink:
        yield sink


@pytest.fixture
def mail() -> Iterator[MailSink]:
    """Run a mail server."""
    with MailSink() as sink:
        yield sink
