"""Handler of `/metrics` for every server: who may read, and the form of the answer. What is told belongs elsewhere."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

__all__ = ["scraped"]


def scraped(
    text: Callable[[], bytes], token: SecretStr | None, refusal: Callable[[], str | None]
) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler that gives figures to who has the bearer token.

    Args:
        text: Returns the figures in the text format of Prometheus.
        token: The setting `metrics_token`.
        refusal: Without a token: returns the reason why nobody gets an answer, or None if everybody does.
    """

    async def answer(request: Request) -> Response:
        if token is None:
            reason = refusal()
            if reason is not None:
                return PlainTextResponse(f"{reason}\n", 403)
        else:
            expected = f"Bearer {token.get_secret_value()}".encode()
            if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
                return PlainTextResponse("A bearer token is needed.\n", 401, {"www-authenticate": "Bearer"})
        found = await run_in_threadpool(text)
        return Response(found, media_type=CONTENT_TYPE_LATEST, headers={"cache-control": "no-store"})

    return answer
