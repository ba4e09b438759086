"""Fixtures: a published home with a mail server, and a function that writes its `schedules.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from orderhouse.messages.delivering import Delivery
from orderhouse.messages.service import deliver_messages
from orderhouse.operations.store import Store, open_store
from orderhouse.schedules.handing import Operators
from orderhouse.settings import Settings

from tests.dashboards.published_home import publish
from tests.messages.sinks import MailSink
from tests.operations.conftest import postgresql, settings
from tests.schedules.times import START

__all__ = ["postgresql", "settings"]

WriteSchedules = Callable[..., None]


@pytest.fixture
def mail() -> Iterator[MailSink]:
    """Run a mail server."""
    with MailSink() as sink:
        yield sink


@pytest.fixture
def home(settings: Settings, mail: MailSink) -> Settings:
    """Return a home with a published version and a mail channel that is switched on."""
    publish(settings.home)
    (settings.home / "messages.yaml").write_text(
        "pages_url: https://pages.example.com\nchannels:\n"
        f"  email: {{server: '{mail.server}', security: none, sender: 'House <house@example.com>'}}\n",
        encoding="utf-8",
    )
    deliver_messages(settings, now=START)
    return settings


@pytest.fixture
def store(home: Settings) -> Store:
    """Return the operations store of the home."""
    return open_store(home)


@pytest.fixture
def write_schedules(settings: Settings) -> WriteSchedules:
    """Return a function that writes the schedules of the home, each as one line of YAML."""

    def _write(*entries: str) -> None:
        text = "schedules:\n" + "".join(f"  {entry}\n" for entry in entries)
        (settings.home / "schedules.yaml").write_text(text, encoding="utf-8")

    return _write


def deliver(settings: Settings, now: datetime | None = None) -> Delivery:
    """Deliver what is due."""
    return deliver_messages(settings, now=now, operators=Operators(settings))[0]
