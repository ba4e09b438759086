"""The intake's server: one process, one port, one lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Callable, Iterator, Mapping

from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.intake.receivers import Receiver
from orderhouse.settings import Settings

__all__ = ["serve"]

AT_ONCE = 256


def serve(
    settings: Settings, receivers: Mapping[str, Receiver], host: str, port: int, *, ready: Callable[[str], None]
) -> None:
    """Take webhooks until told to end.

    Args:
        settings: Whose home and limits.
        receivers: The sources that take webhooks.
        host: The address to listen on.
        port: The port; 0 for any that is free.
        ready: Told the address once connections are taken.

    Raises:
        LockHeld: Another intake serves this home.
        OrderhouseError: The port cannot be had, or a landing folder not be made.
    """
    import uvicorn

    from orderhouse.intake.application import make_application
    from orderhouse.intake.counting import open_log

    with _only_one(settings), _listening(host, port) as listener:
        _check_folders(receivers)
        application = make_application(receivers, max_bytes=settings.intake_max_bytes, log=open_log(settings))
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=AT_ONCE,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=30,
        )
        ready(f"http://{host}:{listener.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listener])


def _check_folders(receivers: Mapping[str, Receiver]) -> None:
    for receiver in receivers.values():
        folder = receiver.place.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OrderhouseError(f"The landing folder {folder} cannot be made: {error.strerror}.") from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OrderhouseError(f"The landing folder {folder} may not be written to.")


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Half-written files of another server must not be cleared away under its hands."""
    settings.home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.home / "intake.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(f"Another intake serves {settings.home} already.") from None
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise OrderhouseError(f"{host}:{port} cannot be listened on: {error.strerror or error}.") from None
    with listener:
        yield listener
