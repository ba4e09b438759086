"""Reading ahead: the next rows of a file are read and parsed while the last ones are screened and stored."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import TypeVar

__all__ = ["read_ahead"]

Item = TypeVar("Item")


def read_ahead(items: Iterator[Item], pool: Executor) -> Iterator[Item]:
    """The same items in the same order, each asked for one step early, in a thread of the pool."""
    end = object()
    following = pool.submit(next, items, end)
    while (item := following.result()) is not end:
        following = pool.submit(next, items, end)
        yield item  # type: ignore[misc]
