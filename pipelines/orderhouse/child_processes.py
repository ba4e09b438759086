"""Child processes that end with the process that started them, however that one ends.

A command that serves passes an end on: a signal, a closed terminal, and on Linux also its own death by a kill, at which
no code of it runs any more. What is served belongs to the commands and servers.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

__all__ = ["asked_to_end", "ends_with_parent"]

Handler = Callable[[int, FrameType | None], Any]

# Ctrl-C, a supervisor's request, and a terminal that was closed.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Option of prctl(2) on Linux: the signal that a process gets when its parent dies.
PR_SET_PDEATHSIG = 1


@contextlib.contextmanager
def asked_to_end(handler: Handler = signal.default_int_handler) -> Iterator[None]:
    """Call a handler at each signal that asks this process to end; by default it raises a `KeyboardInterrupt`.

    A signal that is ignored stays so, because `nohup` ignores the end of the terminal.
    """
    before = {each: signal.getsignal(each) for each in ENDING}
    heard = [each for each, found in before.items() if found is not signal.SIG_IGN]
    for each in heard:
        signal.signal(each, handler)
    try:
        yield
    finally:
        for each in heard:
            signal.signal(each, before[each])


def ends_with_parent() -> Callable[[], None] | None:
    """Return a function that a child calls at its start, so that it gets SIGTERM when this process dies.

    Other systems than Linux have no such request: None.
    """
    if not sys.platform.startswith("linux"):
        return None
    return _Bond(os.getpid())


class _Bond:
    """Request of a child to get SIGTERM at the death of its parent. It can be sent to a spawned process."""

    def __init__(self, parent: int) -> None:
        self.parent = parent
        self.prctl = ctypes.CDLL(None).prctl  # found before the fork, after which little is safe to do

    def __reduce__(self) -> tuple[type[_Bond], tuple[int]]:
        return _Bond, (self.parent,)

    def __call__(self) -> None:
        self.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != self.parent:  # it has died in between
            os.kill(os.getpid(), signal.SIGTERM)
