"""Tests of permissions: what the commands write is for their user alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.ingest.landing import LINES_HEADER, Landing, line
from tests.serve.built_home import make_build

ORDERHOUSE = str(Path(sys.executable).with_name("orderhouse"))


def readable_by_others(folder: Path) -> list[str]:
    return [str(path) for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]


def test_nobody_else_can_read_what_an_ingest_or_an_export_writes(landing: Landing, tmp_path: Path) -> None:
    landing.write("feeds/order_lines.csv", LINES_HEADER + line(1))
    home, out = landing.settings.home, tmp_path / "out"
    before = os.umask(0o022)
    try:
        options = ["--home", str(home), "ingest", "--sources", str(landing.sources_file)]
        subprocess.run([ORDERHOUSE, *options], check=True, capture_output=True)
        assert readable_by_others(home) == []
        published = make_build(tmp_path / "built").home
        subprocess.run([ORDERHOUSE, "--home", str(published), "publish"], check=True, capture_output=True)
        assert readable_by_others(published / "published") == []
        export = ["export", "ops.orders", "--to", str(out), "--partition-by", "is_late"]
        subprocess.run([ORDERHOUSE, "--home", str(published), *export], check=True, capture_output=True)
        assert readable_by_others(out) == []
    finally:
        os.umask(before)
