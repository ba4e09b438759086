"""Tests that the committed table of payload results equals the current results."""

from __future__ import annotations

import re

from orderhouse.sources.formats import FORMATS

from tests.integration.running import PROJECT, data_folder
from tests.sources.payload_table import FOLDERS, UNDECLARED, page

PAGE = PROJECT / "docs" / "formats" / "payloads.md"


def test_the_committed_table_is_a_fresh_one() -> None:
    committed = PAGE.read_text(encoding="utf-8")
    write_anew = "python -m tests.sources.payload_table docs/formats/payloads.md"
    assert committed == page(data_folder()), f"the formats read otherwise than {PAGE.name} says: {write_anew}"


def test_every_file_of_every_folder_is_in_the_table_and_read_refused_or_looked_up() -> None:
    sections = dict(re.findall(r"^## (\S+): `\w+`\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S))
    for folder, format_name in FOLDERS.items():
        if format_name not in FORMATS:
            continue
        listed = re.findall(r"^\| `([^`]+)` \|", sections[folder], re.M)
        assert listed == sorted(path.name for path in (data_folder() / folder).iterdir())
        if folder.startswith("payloads/"):
            assert UNDECLARED not in sections[folder]
