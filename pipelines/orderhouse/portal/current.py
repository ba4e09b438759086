"""Current index: follows the published version while the server runs, without a restart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os

from orderhouse.errors import OrderhouseError
from orderhouse.portal.index import Index, open_index
from orderhouse.serve.publishing import current_version
from orderhouse.settings import Settings

__all__ = ["Current", "Unavailable"]

# Seconds between two looks at the pointer to the current version.
LOOK_SECONDS = 0.5


class Unavailable(OrderhouseError):
    """There is no version to show."""


class Current:
    """Index of the version that is current. The former one answers until the next one is made."""

    def __init__(self, settings: Settings, log: logging.Logger) -> None:
        self.settings = settings
        self.log = log
        self._index: Index | None = None
        self._seen: object = None
        self._reason = "No orders have been published yet. Try again later."

    def index(self) -> Index:
        """Return the index.

        Raises:
            Unavailable: Nothing is published, or it cannot be read.
        """
        if self._index is None:
            raise Unavailable(self._reason)
        return self._index

    def refresh(self) -> None:
        """Look at the pointer, and open the index of the version that it names if that is another one."""
        seen = self._mark()
        if seen == self._seen:
            return
        try:
            version = current_version(self.settings) if seen else None
            self._index = open_index(self.settings, version) if version else None
        except (OrderhouseError, OSError) as error:
            self.log.error("%s", error.message if isinstance(error, OrderhouseError) else error)
            self._reason = "The orders cannot be read at the moment. Try again later."
            return
        self._seen = seen
        if self._index is not None:
            self.log.info("serving version %s, %s orders", self._index.version.number, len(self._index))

    async def follow(self) -> None:
        """Refresh again and again in a thread, until cancelled."""
        while True:
            await asyncio.to_thread(self.refresh)
            await asyncio.sleep(LOOK_SECONDS)

    def _mark(self) -> object:
        with contextlib.suppress(OSError):
            found = os.stat(self.settings.published / "current")  # noqa: PTH116 - half the time of Path.stat
            return found.st_mtime_ns, found.st_ino
        return None
