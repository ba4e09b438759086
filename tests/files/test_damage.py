"""Tests of damage messages: errors of libraries about content are put in words that need no library."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable

import pytest
from orderhouse.files.damage import damage

PACKED = gzip.compress(b"order_id,currency\n" * 100)


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda: json.loads('{"a": 1,}'), "at line 1, column "),
        (lambda: json.loads("[" * 100_000), "it is nested too deep"),
        (lambda: next(csv.reader(['a,"b"c,d'], strict=True)), "something follows a closing quote"),
        (lambda: next(csv.reader(["a,b\rc"], strict=True)), "it has a line end of another kind in it"),
        (lambda: gzip.decompress(PACKED + b"ga"), "what follows its first part is something else"),
        (lambda: gzip.decompress(PACKED[:-8] + b"\0" * 4 + PACKED[-4:]), "its content does not fit its checksum"),
    ],
)
def test_what_libraries_say_is_told_plainly(read: Callable[[], object], words: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each library has its own
        read()
    assert words in damage(caught.value)  # type: ignore[arg-type]


def test_other_words_are_handed_on_without_their_full_stop() -> None:
    assert damage(ValueError("Something else..\nand more")) == "Something else"
