"""ASGI middleware that answers only to the server's own names and pages.

A browser sends requests of any web page to servers on the loopback interface. It states the page in `Origin` and
`Sec-Fetch-Site`. A name of the attacker that resolves to 127.0.0.1 stands in `Host`. The guard checks all three before
the application sees the request. Who a person is, and what they may do, belongs to `door`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from html import escape
from typing import Any
from urllib.parse import urlsplit

from orderhouse.front.door import Door, Refusal

__all__ = ["Guard", "is_own_origin", "is_served_host"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
OWN_SITES = frozenset({"same-origin", "none"})
SAFE_METHODS = frozenset({"GET", "HEAD"})
# Browsers show a page of another site in a frame only if it allows that; clicks in a frame are clicks of a stranger.
FRAMING = [(b"x-frame-options", b"DENY"), (b"cross-origin-resource-policy", b"same-origin")]


def is_served_host(host: str, names: Iterable[str]) -> bool:
    """Tell if the value of `Host` is one of the server's names, on any port.

    A tunnel may use another port, and a page cannot choose the name that its browser sends. Only loopback names need
    no configuration.
    """
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and name.rstrip(".") in {*LOOPBACK_NAMES, *(each.lower() for each in names)}


def is_own_origin(origin: str, host: str) -> bool:
    """Tell if a request comes from a page of this server: `Origin` names the very host and port that it asks."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


class Guard:
    """Middleware that refuses requests of other sites and for other hosts.

    Args:
        application: The ASGI application behind it.
        names: Names of the server beside those of the loopback interface, such as that of a reverse proxy.
        only_posted: Paths at which requests other than POST with a JSON body are refused, because a GET there would
            act. Web sockets at these paths are allowed from own pages.
        door: Check of the person, after those of the host and the page; by default nobody is asked.
    """

    def __init__(
        self,
        application: Application,
        names: Iterable[str] = (),
        only_posted: Iterable[str] = (),
        door: Door | None = None,
    ) -> None:
        self.application = application
        self.names = tuple(names)
        self.door = door
        self.only_posted = frozenset(only_posted)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403, 405 or 415 with the reason."""
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
            return
        headers = _Headers(scope)
        refusal = self._refusal(scope, headers)
        if refusal is None and self.door is not None:
            refusal = self.door.refusal(headers.only("cookie") or "")
        if refusal is None:
            await self.application(scope, receive, _with_framing(send) if scope["type"] == "http" else send)
        elif scope["type"] == "websocket":
            await _refuse_socket(receive, send)
        else:
            await _refuse(send, refusal)

    def _refusal(self, scope: Message, headers: _Headers) -> Refusal | None:
        """Return status and reason of a refusal, or None."""
        host = headers.only("host")
        if host is None or not is_served_host(host, self.names):
            reason = "This server does not serve the host that was asked for. List its name in `public_hosts`."
            return Refusal(403, reason)
        origin = headers.only("origin")
        if headers.has("origin") and (origin is None or not is_own_origin(origin, host)):
            return Refusal(403, "This server answers its own pages only.")
        if not headers.has("origin") and not _is_from_own_site(scope, headers):
            return Refusal(403, "This server answers its own pages only.")
        if scope["type"] == "http" and scope["path"] in self.only_posted:
            return _refusal_of_format(scope, headers)
        return None


def _is_from_own_site(scope: Message, headers: _Headers) -> bool:
    """Tell if a request without `Origin` is from an own page, from no browser, or opens a page in a tab of its own."""
    site = headers.only("sec-fetch-site")
    if not headers.has("sec-fetch-site") or site in OWN_SITES:
        return True
    opens = headers.only("sec-fetch-mode") == "navigate" and headers.only("sec-fetch-dest") == "document"
    return opens and scope["type"] == "http" and scope["method"] in SAFE_METHODS


def _refusal_of_format(scope: Message, headers: _Headers) -> Refusal | None:
    if scope["method"] != "POST":
        return Refusal(405, "This path takes POST only.")
    kind = (headers.only("content-type") or "").split(";")[0].strip().lower()
    return None if kind == "application/json" else Refusal(415, "This path takes `application/json` only.")


class _Headers:
    """Headers of a request by name in lower case."""

    def __init__(self, scope: Message) -> None:
        self.pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]

    def has(self, name: str) -> bool:
        """Tell if the header is there, once or several times."""
        return any(each == name for each, _ in self.pairs)

    def only(self, name: str) -> str | None:
        """Return the value of a header that is there exactly once."""
        values = [value for each, value in self.pairs if each == name]
        return values[0] if len(values) == 1 else None


def _with_framing(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *FRAMING]
        await send(message)

    return with_headers


async def _refuse(send: Send, refusal: Refusal) -> None:
    """Answer with status and reason; with a link to the sign-in where that helps."""
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
    if refusal.status == 405:
        headers.append((b"allow", b"POST"))
    link = f'<p><a href="{escape(refusal.sign_in)}">Sign in</a></p>' if refusal.sign_in else ""
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send(
        {"type": "http.response.body", "body": f"<!doctype html><p>{escape(refusal.reason)}</p>{link}\n".encode()}
    )


async def _refuse_socket(receive: Receive, send: Send) -> None:
    """Close a web socket before it is accepted, which the client sees as 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1008})
