"""Web application of the portal: its routes, and the answers to what is not there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from orderhouse.errors import OrderhouseError
from orderhouse.portal.answers import html, json_answer
from orderhouse.portal.api import Api
from orderhouse.portal.current import Current, Unavailable
from orderhouse.portal.customers import Customers
from orderhouse.portal.languages import choose_language, language_of
from orderhouse.portal.limits import Limits
from orderhouse.portal.openapi import docs_page, openapi
from orderhouse.portal.pages import message_page
from orderhouse.portal.shield import Application, Shield
from orderhouse.portal.unsubscribing import Unsubscribing
from orderhouse.settings import Settings

__all__ = ["make_application"]


def make_application(settings: Settings, log: logging.Logger) -> Application:
    """Return the web application, which follows the published versions while it runs."""
    current = Current(settings, log)
    limits = Limits(settings.portal / "limits")
    customers = Customers(settings, current, limits)
    api = Api(settings, current, limits)
    unsubscribing = Unsubscribing(settings, current)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(current.refresh)
        following = asyncio.create_task(current.follow())
        try:
            yield
        finally:
            following.cancel()
            api.close()

    application = Starlette(
        routes=[
            Route("/track/{tracking_id}", customers.page, methods=["GET"]),
            Route("/track/{tracking_id}/{kind}", customers.form, methods=["GET", "POST"]),
            Route("/v1/track/{tracking_id}", customers.answer, methods=["GET"]),
            Route("/v1/orders/{order_id:path}", api.order, methods=["GET"]),
            Route("/v1/customers/{customer_id:path}/orders", api.orders_of_customer, methods=["GET"]),
            Route("/unsubscribe/{mark}", unsubscribing.page, methods=["GET", "POST"]),
            Route("/openapi.json", _openapi, methods=["GET"]),
            Route("/docs", _docs, methods=["GET"]),
            Route("/health", _health(current), methods=["GET"]),
            Route("/robots.txt", _robots, methods=["GET"]),
        ],
        exception_handlers={404: _no_such_path, 405: _wrong_method, OrderhouseError: _unavailable},
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    return Shield(
        application,
        settings.portal_hosts,
        limits,
        per_second=settings.portal_per_second,
        per_minute=settings.portal_client_per_minute,
    )


def _said(request: Request, status: int, title: str, text: str, sentence: str, **headers: str) -> Response:
    """Return a message as JSON to programs, and as a page in their language to people."""
    if request.url.path.startswith("/v1/") or request.url.path.endswith(".json"):
        return json_answer({"error": sentence}, status, headers={"Cache-Control": "no-store", **headers})
    accepted = request.headers.get("accept-language")
    language = language_of(choose_language(request.query_params.get("lang"), None, accepted))
    page = message_page(language, title, text)
    return html(page, status, headers={"Cache-Control": "no-store", **headers})


async def _no_such_path(request: Request, _: Exception) -> Response:
    return _said(request, 404, "not_found_title", "not_found", "There is nothing at this path. See /docs.")


async def _wrong_method(request: Request, error: Exception) -> Response:
    allowed = (getattr(error, "headers", None) or {}).get("Allow", "GET, HEAD")
    return json_answer({"error": f"This path takes {allowed} only."}, 405, headers={"Allow": allowed})


async def _unavailable(request: Request, error: Exception) -> Response:
    sentence = error.message if isinstance(error, Unavailable) else "Try again later."
    return _said(request, 503, "unavailable_title", "unavailable", sentence, **{"Retry-After": "30"})


async def _openapi(_: Request) -> Response:
    return json_answer(openapi(), headers={"Cache-Control": "public, max-age=3600"})


async def _docs(_: Request) -> Response:
    return html(docs_page(), headers={"Cache-Control": "public, max-age=3600"})


async def _robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def _health(current: Current) -> Callable[[Request], Awaitable[Response]]:
    async def health(_: Request) -> Response:
        """Answer with the version that is served."""
        return json_answer({"status": "ok", "version": current.index().version.number})

    return health
