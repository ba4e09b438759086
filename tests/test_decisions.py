"""Tests of the decisions: one file each in docs/decisions, short, with a status, in the index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "decisions"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))
MOST_LINES = 40
STATUS = re.compile(r"^- Status: (?:accepted|(accepted, in part )?superseded by \[(\d{4})\]\((\S+)\))$", re.MULTILINE)
PARTS = ["Context", "Decision", "Consequence"]


def number_of(path: Path) -> int:
    return int(path.name[:4])


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def title_of(path: Path) -> str:
    return text_of(path).splitlines()[0].split(". ", 1)[1]


def test_numbers_have_no_gaps() -> None:
    assert [number_of(path) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_folder_holds_decisions_and_their_index_alone() -> None:
    assert sorted(path for path in FOLDER.iterdir() if path not in DECISIONS) == [FOLDER / "README.md"]


def test_the_index_lists_every_decision_with_its_title_and_status() -> None:
    rows = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+?) \| (.+) \|$", text_of(FOLDER / "README.md"), re.MULTILINE)
    expected = []
    for path in DECISIONS:
        found = STATUS.search(text_of(path))
        assert found, f"{path.name} has no line of its status"
        expected.append((path.name[:4], path.name, title_of(path), found[0].removeprefix("- Status: ")))
    assert rows == expected


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem[:4])
def test_a_decision_is_short_and_has_every_part(path: Path) -> None:
    text = text_of(path)
    assert len(text.splitlines()) <= MOST_LINES
    assert text.startswith(f"# {number_of(path)}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    assert len(re.findall(r"^- Date: \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)) == 1
    assert all(body.strip() for body in re.split(r"^## .+$", text, flags=re.MULTILINE))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem[:4])
def test_a_decision_has_one_status_and_a_later_decision_supersedes_it(path: Path) -> None:
    found = list(STATUS.finditer(text_of(path)))
    assert len(found) == len(re.findall(r"^- Status:", text_of(path), re.MULTILINE)) == 1
    number, successor = found[0][2], found[0][3]
    if successor:
        assert successor.startswith(f"{number}-")
        assert (FOLDER / successor).is_file()
        assert int(number) > number_of(path)
