"""Reading ahead: the next rows are read and parsed while the last ones are screened and stored."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

__all__ = ["one_ahead", "read_ahead"]

Item = TypeVar("Item")

# Of 8 MB of text each: enough rows to screen next while the last ones are being screened.
BLOCKS = 4
_END = object()


def read_ahead(items: Iterator[Item], pool: Executor, steps: int = BLOCKS) -> Iterator[Item]:
    """The same items in the same order, asked for some steps early, from now on, in the pool's one thread."""
    asked = deque(pool.submit(next, items, _END) for _ in range(steps))
    return _answered(items, asked, pool)


def _answered(items: Iterator[Item], asked: deque[Future[object]], pool: Executor) -> Iterator[Item]:
    while (item := asked.popleft().result()) is not _END:
        asked.append(pool.submit(next, items, _END))
        yield item  # type: ignore[misc]


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items in the same order, each taken from where they come before the last one is handed on."""
    waiting = list[Item]()
    for item in items:
        yield from waiting
        waiting = [item]
    yield from waiting
