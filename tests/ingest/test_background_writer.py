"""Tests of the background writer: it writes in order, and nothing after an error."""

from __future__ import annotations

import threading

import pytest
from orderhouse.ingest.background_writer import BackgroundWriter


def test_work_is_done_in_the_order_it_was_asked_for() -> None:
    done: list[int] = []
    behind = BackgroundWriter()
    for number in range(20):
        behind.submit(done.append, number)
    behind.wait()
    assert done == list(range(20))


def test_nothing_is_done_after_an_error_even_if_it_was_asked_for_before() -> None:
    behind, go_on, done = BackgroundWriter(), threading.Event(), list[str]()

    def fail() -> None:
        go_on.wait(10)
        raise ValueError("the disk is full")

    behind.submit(fail)
    behind.submit(done.append, "commit")
    go_on.set()
    with pytest.raises(ValueError, match="full"):
        behind.wait()
    assert done == []


def test_an_error_that_was_raised_once_is_raised_by_every_later_call() -> None:
    behind = BackgroundWriter()

    def fail() -> None:
        raise ValueError("the disk is full")

    behind.submit(fail)
    for call in (behind.wait, behind.wait, lambda: behind.submit(fail)):
        with pytest.raises(ValueError, match="full"):
            call()


def test_giving_up_waits_for_what_has_begun_and_begins_nothing_more() -> None:
    behind, began, go_on, done = BackgroundWriter(), threading.Event(), threading.Event(), list[str]()

    def slow() -> None:
        began.set()
        go_on.wait(10)
        done.append("slow")

    behind.submit(slow)
    behind.submit(done.append, "never")
    began.wait(10)
    threading.Timer(0.05, go_on.set).start()
    behind.cancel()
    assert done == ["slow"]
