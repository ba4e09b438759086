"""Tests of reading ahead: in order, from one thread, and no further ahead than the limit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from orderhouse.ingest.prefetch import BLOCKS, one_ahead, read_ahead


def test_items_are_read_before_they_are_asked_for_and_at_most_four_at_once() -> None:
    read, enough = list[int](), threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(10):
            read.append(number)
            if len(read) == BLOCKS:
                enough.set()
            yield number

    with ThreadPoolExecutor(1) as pool:
        items = read_ahead(numbers(), pool)
        assert enough.wait(10)
        pool.submit(lambda: None).result()
        assert len(read) == BLOCKS
        assert list(items) == list(range(10))


def test_an_error_comes_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("damaged")

    with ThreadPoolExecutor(1) as pool:
        items = read_ahead(broken(), pool)
        assert next(items) == 1
        with pytest.raises(ValueError, match="damaged"):
            next(items)


def test_one_is_taken_before_the_last_is_handed_on() -> None:
    taken = list[int]()

    def numbers() -> Iterator[int]:
        for number in range(3):
            taken.append(number)
            yield number

    seen = [(item, len(taken)) for item in one_ahead(numbers())]
    assert seen == [(0, 2), (1, 3), (2, 3)]
    assert list(one_ahead(iter(()))) == []
