"""Tests that the examples on the pages of the formats give the rows that the pages show."""

from __future__ import annotations

import fnmatch
import re
from pathlib import PurePath

import pytest
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.formats.shopify.kinds import SIGNATURES
from polars.testing import assert_frame_equal

from tests.integration.running import PROJECT
from tests.sources.documented_examples import Example, examples_of
from tests.sources.format_reading import file_of, read, screened, source_of

FOLDER = PROJECT / "docs" / "formats"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name not in {"README.md", "payloads.md"})
EXAMPLES = [example for page in PAGES for example in examples_of(page)]


def named(example: Example) -> str:
    return f"{example.page}: {example.format}"


def found_in(example: Example) -> list[FeedRows]:
    """Read the files of the example with its format, those of a bundle together."""
    source = source_of(example.format, **example.declared)
    together = FORMATS[example.format].bundles(source, list(example.files))
    return [
        rows
        for paths in together
        for rows in read(example.format, *(file_of(example.files[path], path) for path in paths), **example.declared)
    ]


def test_every_page_has_an_example_of_every_format_that_it_declares() -> None:
    declared = {
        (page.stem, name) for page in PAGES for name in re.findall(r"^ +format: (\w+)", page.read_text("utf-8"), re.M)
    }
    assert {(example.page, example.format) for example in EXAMPLES} == declared
    assert [named(example) for example in EXAMPLES if not (example.files and example.rows)] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_the_files_of_an_example_are_where_the_source_looks(example: Example) -> None:
    looks_in = {path: {path, str(PurePath(path).parent)} for path in example.files}
    assert [path for path, names in looks_in.items() if not fnmatch.filter(names, example.path)] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_every_record_of_an_example_is_read_and_accepted(example: Example) -> None:
    found = found_in(example)
    assert [each.reason for rows in found for each in rows.malformed] == []
    for feed in {rows.feed for rows in found if rows.feed}:
        assert screened(found, feed, example.format, **example.declared).quarantined["reasons"].to_list() == []


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_an_example_gives_the_rows_that_its_page_shows_and_no_others(example: Example) -> None:
    found = found_in(example)
    assert {rows.feed for rows in found if rows.feed and rows.frame.height} == set(example.rows)
    for feed, shown in example.rows.items():
        accepted = screened(found, feed, example.format, **example.declared).accepted
        assert_frame_equal(accepted.select(shown.columns), shown, check_row_order=False)


def test_shopifys_page_says_what_every_kind_of_record_is_recognised_by() -> None:
    section = (FOLDER / "shopify.md").read_text(encoding="utf-8").split("### What a record is\n")[1].split("\n### ")[0]
    told = [
        (kind, tuple(tuple(re.findall(r"`(\w+)`", names)) for names in fields.split(", or ")))
        for kind, fields in re.findall(r"^\| (\w+) \| (`.*) \|$", section, re.M)
    ]
    assert tuple(told) == SIGNATURES
