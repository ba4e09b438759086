"""Server of the intake: one process, one port, one lock.

The requests belong to `application`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping

from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.intake.listening import listening, open_log
from orderhouse.intake.receivers import Receiver
from orderhouse.settings import Settings

__all__ = ["serve"]

MAX_CONNECTIONS = 256


def serve(
    settings: Settings, receivers: Mapping[str, Receiver], host: str, port: int, *, ready: Callable[[str], None]
) -> None:
    """Receive webhooks until the process is asked to end.

    Args:
        settings: Settings of the home, with the limits.
        receivers: The receivers by source name.
        host: The address to listen on.
        port: The port; 0 for any free one.
        ready: Called with the address once the server listens.

    Raises:
        LockHeld: Another intake serves this home.
        OrderhouseError: The port cannot be used, or a landing folder cannot be created or written.
    """
    import uvicorn

    from orderhouse.intake.application import make_application
    from orderhouse.intake.patience import ImpatientProtocol

    with _only_one(settings), listening("intake", host, port) as listener:
        _check_folders(receivers)
        application = make_application(
            receivers,
            max_bytes=settings.intake_max_bytes,
            log=open_log(settings, "intake"),
            metrics_token=settings.metrics_token,
        )
        config = uvicorn.Config(
            application,
            http=ImpatientProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
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
            raise OrderhouseError(f"The landing folder {folder} cannot be created: {error.strerror}.") from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OrderhouseError(f"The landing folder {folder} is not writable. Change its permissions.")


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Hold the lock of the intake, since a second server would delete the drafts of the first."""
    settings.home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.home / "intake.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(f"Another intake serves {settings.home} already. End it first.") from None
        yield
    finally:
        os.close(descriptor)
