"""Runs of `orderhouse` as a user would start them, and the files that they publish."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.cli.session import console, error_console
from orderhouse.transform.dbt import project_folder
from orderhouse.transform.fingerprint import project_hash

PROJECT = Path(__file__).parents[2]
PARSED = Path("dbt") / "partial_parse.msgpack"
# Tests of the audit as compiled, and statements of builds as dbt ran them.
COMPILED = ("tests-*.json", "full-*.json", "increment-*.json")
KEPT = PROJECT / ".pytest_cache" / "parsed"


def run_orderhouse(*arguments: str, home: Path, expect: int = 0, **environment: str) -> str:
    """Run one command in this process and return what it printed.

    A process of its own costs four to nine seconds of imports. Use `run_installed` where the process matters: for
    faults that kill it, and for runs at the same time.

    Fails unless it exits with `expect`, or if it succeeds and leaves a database that is not closed.
    """
    share_parsed_project(home)
    before = set(home.rglob("*.wal"))
    with _as_from_a_shell(ORDERHOUSE_HOME=str(home), **environment) as printed:
        code = run_command(list(arguments))
    keep_parsed_project(home)
    return _checked(arguments, home, before, code, expect, printed.buffer.getvalue().decode())


def run_steps(home: Path, sources: Path, as_of: str = "data") -> str:
    """Ingest, build, audit and publish, command by command, and return what they printed.

    The tables are those of `orderhouse run`, which also records the run in Dagster and takes half as long again.
    """
    given = ("--sources", str(sources))
    steps = (("ingest", *given), ("build", *given, "--as-of", as_of), ("audit",), ("publish",))
    return "".join(run_orderhouse(*step, home=home) for step in steps)


def run_installed(*arguments: str, home: Path, expect: int = 0, **environment: str) -> str:
    """Run the installed command in its own process, otherwise like `run_orderhouse`."""
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
    return _checked(arguments, home, before, done.returncode, expect, done.stdout + done.stderr)


@contextlib.contextmanager
def _as_from_a_shell(**environment: str) -> Iterator[io.TextIOWrapper[io.BytesIO]]:
    """Give a command the project as its working folder, its environment, and a wide terminal that keeps its words."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        patch.chdir(PROJECT)
        for name, value in environment.items():
            patch.setenv(name, value)
        for each in (console, error_console):
            patch.setattr(each, "width", int(environment.get("COLUMNS", "200")))
        yield printed


def _checked(arguments: tuple[str, ...], home: Path, before: set[Path], code: int, expect: int, output: str) -> str:
    assert code == expect, f"orderhouse {' '.join(arguments)} exited {code}:\n{output}"
    # A server that shows the pages may be making a role's copy of the version at the same time.
    unfinished = {path for path in home.rglob("*.wal") if path.name != "draft.duckdb.wal"} - before
    assert code or not unfinished, f"orderhouse {' '.join(arguments)} left {unfinished}"
    return output


def share_parsed_project(home: Path) -> None:
    """Give a new home the dbt project as parsed and compiled before, by any session.

    Parsing takes ten seconds, compiling tests three, and an increment by dbt four more than by kept statements.
    """
    kept = _kept_parse()
    if kept.exists() and not (home / PARSED).exists():
        copy_parsed_project(kept, home)
        for compiled in _compiled_in(KEPT):
            shutil.copy(compiled, (home / PARSED).with_name(compiled.name))


def keep_parsed_project(home: Path) -> None:
    """Keep the dbt project as a home of this session parsed it, for all that have the same files of the project."""
    kept = _kept_parse()
    if (home / PARSED).exists() and not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        for older in KEPT.iterdir():
            older.unlink(missing_ok=True)
        _keep(home / PARSED, kept)
    for compiled in _compiled_in((home / PARSED).parent):
        if kept.exists() and not (KEPT / compiled.name).exists():
            _keep(compiled, KEPT / compiled.name)


def _compiled_in(folder: Path) -> list[Path]:
    return [file for pattern in COMPILED for file in folder.glob(pattern)]


def _keep(file: Path, kept: Path) -> None:
    written = kept.with_suffix(f".{os.getpid()}")
    shutil.copy(file, written)
    written.replace(kept)


@functools.cache
def _kept_parse() -> Path:
    """Return the file of dbt's parse cache for the present files of the project."""
    return KEPT / f"{project_hash(project_folder())}.msgpack"


def copy_parsed_project(parsed: Path, home: Path) -> None:
    """Copy dbt's parse cache of another home into a home."""
    (home / PARSED).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copy(parsed, home / PARSED)


def published_file(home: Path) -> Path:
    """Return the file of the current published version."""
    return home / "published" / (home / "published" / "current").read_text().strip()


def data_folder() -> Path:
    """Return the folder of real input data, or skip the test if it is missing."""
    folder = Path(os.environ.get("ORDERHOUSE_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real input data is not at {folder}; set ORDERHOUSE_TEST_DATA")
    return folder


def real_data(name: str, scratch: Path) -> Path:
    """Write a sources file like `examples/<name>.yaml` that reads from the real data folder."""
    declared = (PROJECT / "examples" / f"{name}.yaml").read_text()
    sources = scratch / f"{name}.yaml"
    sources.write_text(declared.replace("../../shared/data", str(data_folder())))
    return sources


def same_keys(home: Path, other: Path) -> None:
    """Give another home the same vault keys, so that tokens and tracking ids can be compared."""
    (other / "vault").mkdir(parents=True, exist_ok=True)
    shutil.copy(home / "vault" / "keys", other / "vault" / "keys")
