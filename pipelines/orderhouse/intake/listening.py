"""Socket and log of a small server; the portal uses them too."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings

__all__ = ["listening", "open_log"]

LOG_BYTES = 1 << 20
LOGS_KEPT = 5


@contextlib.contextmanager
def listening(server: str, host: str, port: int, *, backlog: int | None = None) -> Iterator[socket.socket]:
    """Listen on an address; port 0 takes any free one.

    Raises:
        OrderhouseError: The address or port cannot be used.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=backlog)
    except OSError as error:
        raise OrderhouseError(
            f"The {server} cannot listen on {host}:{port}: {error.strerror or error}. "
            "Choose another `--port` or `--host`."
        ) from None
    with listener:
        yield listener


def open_log(settings: Settings, server: str) -> logging.Logger:
    """Open the log of a server, ``logs/<server>.log`` under the home: five older files of 1 MB are kept."""
    settings.logs.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        settings.logs / f"{server}.log", maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(process)d %(message)s"))
    log = logging.getLogger(f"orderhouse.{server}")
    log.setLevel(logging.INFO)
    log.propagate = False
    for old in list(log.handlers):
        log.removeHandler(old)
        old.close()
    log.addHandler(handler)
    return log
