"""Patience with connections: one that does not send a whole request in time, or endless headers, is closed.

uvicorn waits for the headers of a request without a limit, so a few hundred half-sent requests would keep all others
out. The time for a body belongs to `application`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["HEADER_BYTES", "HEADER_SECONDS", "ImpatientProtocol"]

HEADER_SECONDS = 5.0
HEADER_BYTES = 64 << 10


class ImpatientProtocol(HttpToolsProtocol):
    """HTTP of one connection that has to send the headers of each request within some seconds."""

    _closing: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Go on waiting, without more time, while the headers are not complete."""
        super().data_received(data)
        if not self._is_between_requests():
            self._stop_waiting()
            return
        self._received += len(data)
        if self._received > HEADER_BYTES:
            self.transport.close()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        if self._closing is None:
            self._closing = asyncio.get_running_loop().call_later(HEADER_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        self._received = 0
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
