"""Writing behind: rows are put into the tables while the next ones are screened.

One thread does all of it, in the order it was asked to, so that whoever waits for it has the connection to himself.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec

__all__ = ["WriteBehind"]

Given = ParamSpec("Given")
AT_MOST = 2


class WriteBehind:
    """Work that is done in order, a little later. At most two pieces wait, so that memory stays bounded."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="writing")
        self._waiting: deque[Future[None]] = deque()

    def submit(self, work: Callable[Given, None], *given: Given.args, **named: Given.kwargs) -> None:
        """Have something done next. An error of earlier work is raised here or in `wait`."""
        while len(self._waiting) >= AT_MOST:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(work, *given, **named))

    def wait(self) -> None:
        """Until everything is done."""
        while self._waiting:
            self._waiting.popleft().result()

    def give_up(self) -> None:
        """Until nothing is being done any more; what has not begun is not begun, and errors do not matter."""
        for future in self._waiting:
            future.cancel()
        while self._waiting:
            with contextlib.suppress(BaseException):
                self._waiting.popleft().result()
