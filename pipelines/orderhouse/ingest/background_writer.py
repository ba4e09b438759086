"""Writing behind: rows are put into the tables and committed while the next ones are read and screened.

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
    """Work that is done in order, a little later. At most two pieces wait, so that memory stays bounded.

    After an error nothing more is done, whatever was asked before or is asked after: a commit never follows rows that
    could not be put in. The error is raised by every later call.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="writing")
        self._waiting: deque[Future[None]] = deque()
        self._error: BaseException | None = None

    def submit(self, work: Callable[Given, None], *given: Given.args, **named: Given.kwargs) -> None:
        """Have something done next. An error of earlier work is raised here or in `wait`."""
        while len(self._waiting) >= AT_MOST:
            self._waiting.popleft().result()
        self._refuse_after_error()
        self._waiting.append(self._pool.submit(self._do, lambda: work(*given, **named)))

    def wait(self) -> None:
        """Until everything is done."""
        while self._waiting:
            self._waiting.popleft().result()
        self._refuse_after_error()

    def give_up(self) -> None:
        """Until nothing is being done any more; what has not begun is not begun, and errors do not matter."""
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
