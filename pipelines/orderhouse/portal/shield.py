"""ASGI middleware of the portal: names of the server, origin of forms, and limits, before a request is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from orderhouse.front import is_own_origin, is_served_host
from orderhouse.portal.keys import bearer, has_form
from orderhouse.portal.limits import Limits, client_subject

__all__ = ["Shield"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

METHODS = frozenset({"GET", "HEAD", "POST"})
API_PATHS = ("/v1/orders/", "/v1/customers/")
LONGEST_PATH = 200
LONGEST_QUERY = 1000


class Shield:
    """Middleware that refuses requests for other hosts, forms of other sites, and what is too much or too long.

    Requests to the API with a key have limits of their own, see `api`, which also counts the client of a wrong key.

    Args:
        application: The application behind it.
        names: Names of the server beside those of the loopback interface.
        limits: The counters.
        per_second: Requests of all clients per second.
        per_minute: Requests of one client per minute.
    """

    def __init__(
        self, application: Application, names: Iterable[str], limits: Limits, *, per_second: int, per_minute: int
    ) -> None:
        self.application = application
        self.names = tuple(names)
        self.limits = limits
        self.per_second = per_second
        self.per_minute = per_minute

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
        elif scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif (refusal := self._refusal(scope)) is not None:
            await _refuse(send, *refusal)
        else:
            await self.application(scope, receive, send)

    def _refusal(self, scope: Message) -> tuple[int, str, dict[bytes, bytes]] | None:
        """Return status, sentence and headers of a refusal, or None."""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in headers and name in (b"host", b"origin", b"authorization"):
                return 400, "A header was sent twice.", {}
            headers[name] = value
        host = headers.get(b"host", b"").decode("latin-1")
        if not is_served_host(host, self.names):
            return 421, "This server does not serve the host that was asked for. List its name in `portal_hosts`.", {}
        if scope["method"] not in METHODS:
            return 405, "This server takes GET, HEAD and POST only.", {b"allow": b"GET, HEAD, POST"}
        if len(scope["path"]) > LONGEST_PATH or len(scope["query_string"]) > LONGEST_QUERY:
            return 414, "The address is too long.", {}
        if scope["method"] == "POST" and not _is_from_own_page(headers, host):
            return 403, "This server takes forms of its own pages only.", {}
        wait = self.limits.wait("all", self.per_second, 1)
        if not wait and not _is_counted_by_key(scope["path"], headers):
            client = scope.get("client") or (None, 0)
            wait = self.limits.wait(client_subject(client[0]), self.per_minute, 60)
        if wait:
            return 429, f"Too many requests. Try again in {wait} seconds.", {b"retry-after": str(wait).encode()}
        return None


def _is_counted_by_key(path: str, headers: dict[bytes, bytes]) -> bool:
    """Tell if `api` counts a request: it is for its paths, and has what may be a key. All others count by client."""
    return path.startswith(API_PATHS) and has_form(bearer(headers.get(b"authorization", b"").decode("latin-1")) or "")


def _is_from_own_page(headers: dict[bytes, bytes], host: str) -> bool:
    """Tell if a form comes from an own page, or from no browser."""
    if b"origin" in headers:
        return is_own_origin(headers[b"origin"].decode("latin-1"), host)
    return headers.get(b"sec-fetch-site", b"same-origin") in (b"same-origin", b"none")


async def _refuse(send: Send, status: int, sentence: str, more: dict[bytes, bytes]) -> None:
    body = f"{sentence}\n".encode()
    headers = {
        b"content-type": b"text/plain; charset=utf-8",
        b"content-length": str(len(body)).encode(),
        b"cache-control": b"no-store",
        b"x-content-type-options": b"nosniff",
        b"content-security-policy": b"default-src 'none'",
        **more,
    }
    await send({"type": "http.response.start", "status": status, "headers": list(headers.items())})
    await send({"type": "http.response.body", "body": body})
