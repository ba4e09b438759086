"""Receivers on the loopback interface: a mail server and an HTTP server that keep what they get and fail as told."""

from __future__ import annotations

import asyncio
import email
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from aiosmtpd.controller import Controller

# What a sink does with a message: `ok`, a status, `hang`, `close` before the answer, or `late` after some seconds.
Behaviour = str | int
Chooser = Callable[[str], Behaviour]


def always(behaviour: Behaviour) -> Chooser:
    """Do the same with every message."""
    return lambda _: behaviour


class HttpSink(ThreadingHTTPServer):
    """HTTP server that keeps each body that it took, with its id."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.choose: Chooser = always("ok")
        self.late_seconds = 0.3
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.seen: list[str] = []
        self.paths: list[str] = []
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def address(self) -> str:
        """Return the address of the webhook."""
        return f"http://127.0.0.1:{self.server_port}/hook"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def ids(self) -> list[str]:
        """Return the ids of what was taken, in order."""
        return [message_id for message_id, _ in self.got]

    def handle_error(self, *_: object) -> None:
        """Write nothing when a client was killed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HttpSink

    def do_POST(self) -> None:
        """Take the body, or fail."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message_id = self.headers.get("webhook-id") or self.headers["idempotency-key"]
        self.server.seen.append(message_id)
        behaviour = self.server.choose(message_id)
        if behaviour == "hang":
            time.sleep(2)
        if behaviour in ("hang", "close"):
            # A reset, as of a process that was killed.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        if behaviour == "late":
            time.sleep(self.server.late_seconds)
        status = behaviour if isinstance(behaviour, int) else 204
        if status < 300:
            self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.server.got.append((message_id, body))
            self.server.paths.append(self.path)
        self.send_response(status)
        if status == 429:
            self.send_header("retry-after", "120")
        self.send_header("content-length", "0")
        self.end_headers()

    do_PUT = do_POST  # noqa: N815 - the name that http.server calls

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class MailSink:
    """Mail server that keeps each mail that it took."""

    def __init__(self) -> None:
        self.choose: Chooser = always("ok")
        self.choose_recipient: Chooser = always("ok")
        self.late_seconds = 0.05
        self.got: list[tuple[list[str], EmailMessage]] = []
        self.seen: list[str] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    @property
    def server(self) -> str:
        """Return the place of the server."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()

    def ids(self) -> list[str]:
        """Return the Message-IDs of what was taken, in order, without the domain."""
        return [str(mail["Message-ID"]).strip("<>").split("@")[0] for _, mail in self.got]

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:  # noqa: N802
        """Take a recipient, or refuse it."""
        behaviour = self.choose_recipient(address)
        if isinstance(behaviour, int):
            return f"{behaviour} no"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _: Any, envelope: Any) -> str:  # noqa: N802 - the name aiosmtpd calls
        """Take a mail, or fail."""
        parsed = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        message_id = str(parsed["Message-ID"]).strip("<>").split("@")[0]
        self.seen.append(message_id)
        behaviour = self.choose(message_id)
        if behaviour in ("hang", "late"):
            await asyncio.sleep(2 if behaviour == "hang" else self.late_seconds)
        if behaviour in ("hang", "close"):
            server.transport.abort()
            return "451 closed"
        if isinstance(behaviour, int) and behaviour >= 400:
            return f"{behaviour} no"
        self.got.append((list(envelope.rcpt_tos), parsed))
        return "250 OK"
