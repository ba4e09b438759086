"""Background writer: insert and commit rows while the next rows are read and screened.

One thread does all work in the order of submission. After `wait` the caller has the connection to itself.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec

__all__ = ["BackgroundWriter"]

Given = ParamSpec("Given")
MAX_WAITING = 2


class BackgroundWriter:
    """Queue of work for one thread. At most two pieces wait, so that memory stays bounded.

    After an error no further work is done, so that a commit never follows rows that were not inserted. Every later call
    raises the error.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="writing")
        self._waiting: deque[Future[None]] = deque()
        self._error: BaseException | None = None

    def submit(self, work: Callable[Given, None], *given: Given.args, **named: Given.kwargs) -> None:
        """Submit work. Raise the error of earlier work, if there was one."""
        while len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft().result()
        self._refuse_after_error()
        self._waiting.append(self._pool.submit(self._do, lambda: work(*given, **named)))

    def wait(self) -> None:
        """Wait until all work is done. Raise the error of earlier work, if there was one."""
        while self._waiting:
            self._waiting.popleft().result()
        self._refuse_after_error()

    def cancel(self) -> None:
        """Cancel work that has not begun, and wait for the rest. Ignore errors."""
        for future in self._waiting:
            future.cancel()
        while self._waiting:
            with contextlib.suppress(BaseException):
                self._waiting.popleft().result()

    def _do(self, work: Callable[[], None]) -> None:
        if self._error is not None:
            return
        try:
            work()
        except BaseException as error:
            self._error = error
            raise

    def _refuse_after_error(self) -> None:
        if self._error is not None:
            raise self._error
