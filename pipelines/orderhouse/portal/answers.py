"""Answers of the portal: bodies with the headers that every one of them has."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from orderhouse.portal.pages import style_hash

__all__ = ["etag_of", "html", "is_unchanged", "json_answer", "unchanged"]

# Answers about an order are padded to whole steps, so that their length tells little about what is in them.
SIZE_STEP = 4096
NO_STORE = {"Cache-Control": "no-store"}
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def html(text: str, status: int = 200, *, headers: Mapping[str, str] = NO_STORE, like: str | None = None) -> Response:
    """Return a page.

    Args:
        text: The page.
        status: The status.
        headers: More headers; without them the page is stored nowhere.
        like: A page of which the answer takes the size.
    """
    policy = (
        f"default-src 'none'; style-src 'sha256-{style_hash()}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return Response(
        _padded(text, like),
        status,
        media_type="text/html; charset=utf-8",
        headers={**COMMON, "Referrer-Policy": "no-referrer", "Content-Security-Policy": policy, **headers},
    )


def json_answer(
    value: Any, status: int = 200, *, headers: Mapping[str, str] = NO_STORE, like: str | None = None
) -> Response:
    """Return a value as JSON, see `html`."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(
        _padded(text, like),
        status,
        media_type="application/json",
        headers={
            **COMMON, "Referrer-Policy": "no-referrer", "Content-Security-Policy": "default-src 'none'", **headers,
        },
    )  # fmt: skip


def _padded(text: str, like: str | None) -> bytes:
    body = text.encode("utf-8", errors="replace")
    size = max(len(body), len(like.encode()) if like else 0)
    return body.ljust(-(-size // SIZE_STEP) * SIZE_STEP)


def etag_of(*parts: object) -> str:
    """Return the ETag of a content that is decided by these parts."""
    text = "\n".join(str(part) for part in parts)
    return f'W/"{hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]}"'


def is_unchanged(request: Request, etag: str) -> bool:
    """Tell if the asker has this content already."""
    known = request.headers.get("if-none-match", "")
    return etag in known if len(known) < 2000 else False


def unchanged(etag: str, headers: Mapping[str, str]) -> Response:
    """Return the answer to somebody who has the content."""
    return Response(None, 304, headers={**COMMON, **headers, "ETag": etag})
