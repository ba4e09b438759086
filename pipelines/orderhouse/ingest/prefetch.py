"""Prefetching: read and parse the next rows while the last ones are screened and stored."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

__all__ = ["one_ahead", "read_ahead"]

Item = TypeVar("Item")

# Blocks of 8 MB of text: enough rows to read while the last ones are screened.
BLOCKS = 4
_END = object()


def read_ahead(items: Iterator[Item], pool: Executor, steps: int = BLOCKS) -> Iterator[Item]:
    """Return an iterator over the same items, which are fetched ahead in the pool.

    Fetching starts at once, not with the first `next`.

    Args:
        items: The items.
        pool: A pool of one thread.
        steps: Number of items to fetch ahead.
    """
    pending = deque(pool.submit(next, items, _END) for _ in range(steps))
    return _fetched(items, pending, pool)


def _fetched(items: Iterator[Item], pending: deque[Future[object]], pool: Executor) -> Iterator[Item]:
    while (item := pending.popleft().result()) is not _END:
        pending.append(pool.submit(next, items, _END))
        yield item  # type: ignore[misc]


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the same items, each after its successor has been fetched."""
    waiting = list[Item]()
    for item in items:
        yield from waiting
        waiting = [item]
    yield from waiting
