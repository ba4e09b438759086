"""Runs the installed `orderhouse` command as a user would, and finds what it published."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PARSED = Path("dbt") / "partial_parse.msgpack"

_homes: list[Path] = []


def run_orderhouse(*arguments: str, home: Path, expect: int = 0, **environment: str) -> str:
    """Runs one command in its own process and returns what it printed.

    Fails unless it exits with `expect`, or if it succeeds and leaves a database that is not closed.
    """
    share_parsed_project(home)
    before = set(home.rglob("*.wal"))  # of commands that were killed
    done = subprocess.run(
        [str(Path(sys.executable).with_name("orderhouse")), *arguments],
        env=os.environ | {"ORDERHOUSE_HOME": str(home), "COLUMNS": "200"} | environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == expect, f"orderhouse {' '.join(arguments)} exited {done.returncode}:\n{output}"
    unfinished = set(home.rglob("*.wal")) - before
    assert done.returncode or not unfinished, f"orderhouse {' '.join(arguments)} left {unfinished}"
    return output


def share_parsed_project(home: Path) -> None:
    """Give a new home the dbt project as an earlier home of this session parsed it, which saves it ten seconds."""
    parsed = next((each / PARSED for each in _homes if (each / PARSED).exists()), None)
    if parsed and not (home / PARSED).exists():
        copy_parsed_project(parsed, home)
    if home not in _homes:
        _homes.append(home)


def copy_parsed_project(parsed: Path, home: Path) -> None:
    """Give a home what dbt kept of parsing the project elsewhere."""
    (home / PARSED).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copy(parsed, home / PARSED)


def published_file(home: Path) -> Path:
    """The current published version."""
    return home / "published" / (home / "published" / "current").read_text().strip()


def data_folder() -> Path:
    """Folder of real input data; the test is skipped where it is missing."""
    folder = Path(os.environ.get("ORDERHOUSE_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real input data is not at {folder}; set ORDERHOUSE_TEST_DATA")
    return folder


def real_data(name: str, scratch: Path) -> Path:
    """A sources file like `examples/<name>.yaml` that reads from the real data folder."""
    declared = (PROJECT / "examples" / f"{name}.yaml").read_text()
    sources = scratch / f"{name}.yaml"
    sources.write_text(declared.replace("../../shared/data", str(data_folder())))
    return sources


def same_keys(home: Path, other: Path) -> None:
    """Give another home the same vault keys, so that tokens and tracking ids can be compared."""
    (other / "vault").mkdir(parents=True, exist_ok=True)
    shutil.copy(home / "vault" / "keys", other / "vault" / "keys")
