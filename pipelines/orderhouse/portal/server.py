"""Server of the portal: one port, several processes, and an end that waits for the answers under way."""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess

from orderhouse.child_processes import asked_to_end, ends_with_parent
from orderhouse.errors import OrderhouseError
from orderhouse.intake.listening import listening, open_log
from orderhouse.settings import Settings

__all__ = ["serve"]

MAX_CONNECTIONS = 512
# Connections that may wait to be accepted.
BACKLOG = 2048
GRACE_SECONDS = 30
# A worker that ends by itself sooner than this is not started again.
LEAST_SECONDS = 5


def serve(settings: Settings, host: str, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve the portal until the process is asked to end.

    Args:
        settings: Settings of the home, with limits and number of workers.
        host: The address to listen on.
        port: The port; 0 for any free one.
        ready: Called with the address once the server listens.

    Raises:
        OrderhouseError: The port cannot be used, or a worker ends at once.
    """
    with listening("portal", host, port, backlog=BACKLOG) as listener:
        address = f"http://{host}:{listener.getsockname()[1]}"
        if settings.portal_workers == 1:
            _work(settings, listener, lambda: ready(address))
        else:
            ready(address)
            _supervise(settings, listener)


def _work(settings: Settings, listener: socket.socket, ready: Callable[[], None] | None = None) -> None:
    """Answer requests in this process."""
    import uvicorn

    from orderhouse.intake.patience import ImpatientProtocol
    from orderhouse.portal.application import make_application

    application = make_application(settings, open_log(settings, "portal"))
    config = uvicorn.Config(
        application,
        http=ImpatientProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.portal_behind_proxy,
        forwarded_allow_ips=["127.0.0.1", "::1"] if settings.portal_behind_proxy else [],
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    if ready is not None:
        ready()
    uvicorn.Server(config).run(sockets=[listener])


def _supervise(settings: Settings, listener: socket.socket) -> None:
    """Run the workers, start one again that ended, and end all of them when this process is asked to end."""
    spawn = multiprocessing.get_context("spawn")

    def start() -> tuple[BaseProcess, float]:
        worker = spawn.Process(target=_work_apart, args=(settings, listener, ends_with_parent()), daemon=True)
        worker.start()
        return worker, time.monotonic()

    asked: list[int] = []
    with asked_to_end(lambda number, _: asked.append(number)):
        workers = [start() for _ in range(settings.portal_workers)]
        try:
            while not asked:
                time.sleep(0.2)
                for place, (worker, began) in enumerate(workers):
                    if worker.is_alive() or asked:
                        continue
                    if time.monotonic() - began < LEAST_SECONDS:
                        log = settings.logs / "portal.log"
                        raise OrderhouseError(f"A worker of the portal ended at once. See {log}.")
                    workers[place] = start()
        finally:
            for worker, _ in workers:
                worker.terminate()
            for worker, _ in workers:
                worker.join(GRACE_SECONDS + 5)


def _work_apart(settings: Settings, listener: socket.socket, bond: Callable[[], None] | None) -> None:
    """Answer requests in a process that ends with its supervisor."""
    if bond is not None:
        bond()
    _work(settings, listener)
