"""One order as it is shown now: its document, what was asked for, and what may be."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orderhouse.portal.asked import Asked, Request, requests_of
from orderhouse.portal.asking import May, may_ask
from orderhouse.portal.index import Entry, Index
from orderhouse.portal.tracking import tracking_of
from orderhouse.settings import Settings

__all__ = ["ShownOrder"]


class ShownOrder:
    """One order as it is shown now."""

    def __init__(self, settings: Settings, index: Index, entry: Entry, tracking_id: str, asked: Asked) -> None:
        self.settings = settings
        self.entry = entry
        self.tracking_id = tracking_id
        self.document: dict[str, Any] = json.loads(entry.document)
        version = index.version
        as_of = datetime.fromisoformat(version.as_of).replace(tzinfo=UTC)
        # The clock of the orders goes on from that of the version, which may be one of history.
        self.now = as_of + max(datetime.now(UTC) - _instant(version.published_at), timedelta())
        self.zone = version.business_time_zone
        self.as_of = _text(as_of)
        self._asked = asked
        self.refresh()

    def refresh(self) -> None:
        """Look again at what has been asked for, and at what may be."""
        self.requests: list[Request] = requests_of(self.document, self._asked.of(self.entry.order_id))
        found = may_ask(
            self.document,
            self.requests,
            now=self.now,
            days=self.settings.portal_return_days,
            days_by_category=self.settings.portal_return_days_by_category,
        )
        can_prove = bool(self.entry.email_token or self.entry.postcode_token)
        self.may = found if can_prove else May(False, False, [])

    @property
    def today(self) -> date:
        """Return the business day."""
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    def tracking(self) -> dict[str, Any]:
        """Return what the customer is told."""
        found = tracking_of(self.document, self.tracking_id, as_of=self.as_of, zone=self.zone, requests=self.requests)
        returns = [
            {"line": each.line, "name": each.name, "at_most": each.at_most, "until": _text(each.until)}
            for each in self.may.returns
        ]
        return {**found, "may_ask": {"cancel": self.may.cancel, "change": self.may.change, "return": returns}}


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
