"""Web application of the intake: measure a delivery, check its signature, land it, and answer.

The answer is 200 only if the body is durably on disk. Signatures belong to `signatures`, files to `landing`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from orderhouse.intake.counting import Counts
from orderhouse.intake.figures import figures
from orderhouse.intake.landing import Landing
from orderhouse.intake.receivers import Receiver
from orderhouse.intake.signatures import CHECKS, Refused
from orderhouse.monitoring.scraping import scraped

__all__ = ["make_application"]

BODY_SECONDS = 10
LOG_SECONDS = 60
NO_SOURCE = "(no source)"
NO_TOKEN = "Set `metrics_token` to serve the figures of the intake, which is reached from outside."  # noqa: S105

Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def make_application(
    receivers: Mapping[str, Receiver],
    *,
    max_bytes: int,
    log: logging.Logger,
    clock: Clock = _utc_now,
    metrics_token: SecretStr | None = None,
) -> Starlette:
    """Return the web application.

    Args:
        receivers: The receivers by source name.
        max_bytes: Size of the largest body that is accepted.
        log: Logger of counts and failures.
        clock: Returns the present instant, in UTC.
        metrics_token: Bearer token that `/metrics` asks for. Without it nobody gets figures, since senders on the
            internet reach this server.
    """
    intake = _Intake(receivers, max_bytes, log, clock)
    application = Starlette(
        routes=[
            Route("/webhooks/{source}", intake.receive, methods=["POST"]),
            Route("/health", intake.health, methods=["GET"]),
            Route("/metrics", scraped(intake.figures, metrics_token, lambda: NO_TOKEN), methods=["GET"]),
        ],
        exception_handlers={404: _no_such_path, 405: _wrong_method},
        lifespan=intake.lifespan,
    )
    application.router.redirect_slashes = False  # few senders follow a redirect
    return application


async def _no_such_path(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse(
        {"error": "There is nothing at this path. Webhooks go to /webhooks/<source>, without a slash at the end."}, 404
    )


async def _wrong_method(request: Request, error: Exception) -> JSONResponse:
    """Return an answer that names the right method, also in the header `Allow`, as HTTP demands."""
    allowed = "POST" if request.url.path.startswith("/webhooks/") else "GET"
    return JSONResponse(
        {"error": f"This path takes {allowed} only."},
        405,
        headers=getattr(error, "headers", None) or {"Allow": allowed},
    )


class _Intake:
    """State of the application: landing folders, counts, and the last failure."""

    def __init__(self, receivers: Mapping[str, Receiver], max_bytes: int, log: logging.Logger, clock: Clock) -> None:
        self.receivers = receivers
        self.max_bytes = max_bytes
        self.log = log
        self.clock = clock
        self.counts = Counts()
        self.failing: str | None = None

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Run the writer of the landing folders while the server runs; all requests are answered before it ends."""
        self.landing = Landing({name: each.place for name, each in self.receivers.items()})
        self.landing.prepare(self.clock())
        tasks = [asyncio.create_task(self.landing.write()), asyncio.create_task(self._log_regularly())]
        self.log.info("listening for %s", ", ".join(sorted(self.receivers)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            self.landing.close()
            self._log_counts()
            self.log.info("ended")

    async def receive(self, request: Request) -> JSONResponse:
        """Answer one delivery."""
        receiver = self.receivers.get(request.path_params["source"])
        name = receiver.name if receiver else NO_SOURCE
        try:
            is_new = await self._accept(receiver, request)
        except Refused as refused:
            self.counts.add(name, refused.outcome)
            return JSONResponse({"error": refused.reason}, refused.status)
        except ClientDisconnect:
            self.counts.add(name, "broken_off")
            return JSONResponse({"error": "The body ended early."}, 400)
        except OSError as error:
            return self._failed(name, error)
        self.failing = None
        self.counts.add(name, "landed" if is_new else "known")
        return JSONResponse({"status": "landed" if is_new else "known"})

    async def health(self, _: Request) -> JSONResponse:
        """Answer whether the last landing worked, with the number of deliveries by source and outcome."""
        status = {"status": "failing", "reason": self.failing} if self.failing else {"status": "ok"}
        return JSONResponse({**status, "sources": self.counts.by_source()}, 503 if self.failing else 200)

    def figures(self) -> bytes:
        """Return the figures for a metrics server."""
        folders = {name: each.place.folder for name, each in self.receivers.items()}
        return figures(self.counts, folders, is_failing=self.failing is not None)

    async def _accept(self, receiver: Receiver | None, request: Request) -> bool:
        """Check and land one delivery; return False if its body is there already."""
        if receiver is None:
            raise Refused(404, "unknown_source", "No source of this name takes webhooks.")
        body = await self._body(request)
        now = self.clock()
        delivery = CHECKS[receiver.kind](request.headers, body, receiver.secrets, now.timestamp())
        if not body:
            raise Refused(400, "empty", "The body is empty.")
        return await self.landing.land(receiver.name, delivery, body, now)

    async def _body(self, request: Request) -> bytes:
        """Read the body as sent, with at most the limit and one piece in memory."""
        too_large = Refused(413, "too_large", f"The body is larger than {self.max_bytes} bytes.")
        stated = request.headers.get("content-length", "0")
        if stated.isdigit() and int(stated) > self.max_bytes:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for piece in request.stream():
                    body += piece
                    if len(body) > self.max_bytes:
                        raise too_large
        except TimeoutError:
            raise Refused(408, "too_slow", f"The body did not arrive within {BODY_SECONDS} seconds.") from None
        return bytes(body)

    def _failed(self, name: str, error: OSError) -> JSONResponse:
        reason = error.strerror or type(error).__name__
        if self.failing != reason:
            self.log.error("%s cannot land: %s", name, reason)
        self.failing = reason
        self.counts.add(name, "failed")
        return JSONResponse(
            {"error": "The body could not be stored. Send it again later."}, 503, headers={"Retry-After": "30"}
        )

    async def _log_regularly(self) -> None:
        while True:
            await asyncio.sleep(LOG_SECONDS)
            self._log_counts()

    def _log_counts(self) -> None:
        for line in self.counts.new_lines():
            self.log.info(line)
