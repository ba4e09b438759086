"""Page on which a person ends messages of one purpose: GET asks, POST does it (RFC 8058).

Mail programs follow links of a mail by themselves, so a GET never changes anything. The link is the proof; it never
expires, and ends no messages about orders.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from orderhouse.errors import OrderhouseError
from orderhouse.messages.suppressions import land_suppressions, suppressions_of
from orderhouse.messages.unsubscribing import PATH, person_of
from orderhouse.portal.answers import html
from orderhouse.portal.current import Current
from orderhouse.portal.languages import choose_language, language_of
from orderhouse.portal.pages import message_page, unsubscribe_page
from orderhouse.settings import Settings
from orderhouse.vault.keys import VaultKeys, load_keys

__all__ = ["Unsubscribing"]

BODY_BYTES = 16 << 10
# The browser states the origin of a form only if the policy of its page lets it.
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}


class Unsubscribing:
    """Handlers of links to unsubscribe."""

    def __init__(self, settings: Settings, current: Current) -> None:
        self.settings = settings
        self.current = current
        self._keys: VaultKeys | None = None

    async def page(self, request: Request) -> Response:
        """Ask, or take the answer."""
        accepted = request.headers.get("accept-language")
        language = language_of(choose_language(request.query_params.get("lang"), None, accepted))
        mark = request.path_params["mark"]
        try:
            found = await run_in_threadpool(self._person, mark)
            if found is None:
                return html(message_page(language, "unsubscribe_title", "unsubscribe_unknown"), 404, headers=HEADERS)
            recipient, purpose = found
            if request.method == "POST":
                await _read_away(request)
                await run_in_threadpool(self._end, recipient, purpose)
                return html(message_page(language, "unsubscribe_title", "unsubscribe_done"), headers=HEADERS)
            is_over = await run_in_threadpool(self._is_over, recipient, purpose)
        except OrderhouseError as error:
            self.current.log.error("%s", error.message)
            page = message_page(language, "unavailable_title", "error_failed")
            return html(page, 503, headers={**HEADERS, "Retry-After": "30"})
        if is_over:
            return html(message_page(language, "unsubscribe_title", "unsubscribe_done"), headers=HEADERS)
        return html(unsubscribe_page(language, f"{PATH}/{mark}?lang={language.code}"), headers=HEADERS)

    def _person(self, mark: str) -> tuple[str, str] | None:
        if self._keys is None:
            self._keys = load_keys(self.settings)
        return person_of(self._keys, mark)

    def _end(self, recipient: str, purpose: str) -> None:
        land_suppressions(self.settings, [recipient], purpose, kind="unsubscribed", origin="portal")

    def _is_over(self, recipient: str, purpose: str) -> bool:
        return suppressions_of(self.settings).holds(recipient, purpose)


async def _read_away(request: Request) -> None:
    """Read the body, of whatever form; what it says does not matter, and a long one is left unread."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > BODY_BYTES:
            return
