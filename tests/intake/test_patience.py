"""Tests of half-sent requests: they do not keep whole ones out."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
import uvicorn
from orderhouse.intake import patience
from orderhouse.intake.listening import listening
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def answer(request: Request) -> PlainTextResponse:
    await asyncio.sleep(0.3)
    return PlainTextResponse("here")


async def ended_after(port: int, *pieces: bytes, pause: float = 0.0) -> tuple[float, bytes]:
    """Send pieces, and return the seconds until the server closed the connection, and what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = asyncio.get_running_loop().time()
    said = b""
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        said = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return asyncio.get_running_loop().time() - began, said


async def with_server(*cases: tuple[tuple[bytes, ...], float]) -> list[tuple[float, bytes]]:
    config = uvicorn.Config(
        Starlette(routes=[Route("/", answer)]), http=patience.ImpatientProtocol, log_config=None, timeout_keep_alive=1
    )
    running = uvicorn.Server(config)
    with listening("intake", "127.0.0.1", 0) as listener:
        serving = asyncio.create_task(running.serve(sockets=[listener]))
        while not running.started:
            await asyncio.sleep(0.01)
        port = listener.getsockname()[1]
        found = await asyncio.gather(*(ended_after(port, *pieces, pause=pause) for pieces, pause in cases))
        running.should_exit = True
        await serving
    return list(found)


def test_connection_without_complete_headers_is_closed_and_a_whole_request_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "HEADER_SECONDS", 0.2)
    monkeypatch.setattr(patience, "HEADER_BYTES", 2_000)
    nothing, half, dripping, second, endless, whole = asyncio.run(
        with_server(
            ((), 0),
            ((WHOLE[:10],), 0),
            ((WHOLE[:5], *[b"X-A: b\r\n"] * 5), 0.1),
            ((WHOLE, WHOLE[:10]), 0.4),
            ((WHOLE[:16], *[b"X-A: " + b"b" * 500 + b"\r\n"] * 5), 0),
            ((WHOLE,), 0),
        )
    )
    for seconds, said in (nothing, half, dripping):
        assert seconds < 1.2 and b"200 OK" not in said
    assert second[0] < 1.5 and second[1].count(b"200 OK") == 1
    assert endless[0] < 0.2
    assert b"here" in whole[1]
