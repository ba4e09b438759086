"""Tests of upgrades: a home that each earlier release made gives the tables of a new home.

Releases are the tags `v…`, newest first: one in the usual run, all in the thorough one. The code of a tag runs in the
present environment. `ORDERHOUSE_TEST_RELEASES` names other commits instead.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from orderhouse.doctor.examining import examine
from orderhouse.settings import Settings
from orderhouse.simulate.simulation import simulate
from orderhouse.storage.layouts import LAYOUTS

from tests.integration.published_tables import differing_tables, table_hashes
from tests.integration.running import PROJECT, published_file, run_steps, same_keys
from tests.properties.thoroughness import times

AS_OF = "2026-03-01T00:00:00Z"
COMMAND = "import sys; from orderhouse.cli.application import run_command; sys.exit(run_command(sys.argv[1:]))"


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(PROJECT), *arguments], capture_output=True, check=True).stdout


def releases() -> list[str]:
    """Return the commits whose homes are upgraded."""
    named = os.environ.get("ORDERHOUSE_TEST_RELEASES", "").split()
    if named:
        return named
    try:
        found = git("tag", "--list", "v*", "--sort=-version:refname").decode().split()
    except (OSError, subprocess.CalledProcessError):
        return []
    return found[: times(1, many=len(found))]


RELEASES = releases()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate a tiny merchant; return its sources file."""
    folder = tmp_path_factory.mktemp("world")
    simulate(40, 7, folder)
    return folder / "sources.yaml"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Unpack the code of a release."""
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=BytesIO(git("archive", request.param))) as archive:
        archive.extractall(folder, filter="data")
    return folder


def run_release(code: Path, *arguments: str, home: Path, expect: int = 0) -> str:
    """Run one command of a release."""
    paths = os.pathsep.join(str(code / part) for part in ("pipelines", "assets"))
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        env=os.environ | {"PYTHONPATH": paths, "ORDERHOUSE_HOME": str(home)},
        cwd=code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expect, f"orderhouse {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.skipif(not RELEASES, reason="no tags v…: this is a shallow clone, a copy without git, or no release yet")
@pytest.mark.parametrize("code", RELEASES, indirect=True, scope="module")
def test_home_of_an_earlier_release_gives_the_tables_of_a_new_one(code: Path, world: Path, tmp_path: Path) -> None:
    earlier, fresh = tmp_path / "earlier", tmp_path / "fresh"
    for step in ("ingest", "build"):
        clock = ("--as-of", AS_OF) if step == "build" else ()
        run_release(code, step, "--sources", str(world), *clock, home=earlier)
    run_steps(earlier, world, AS_OF)
    same_keys(earlier, fresh)
    run_steps(fresh, world, AS_OF)
    found = table_hashes(published_file(earlier))
    assert len(found) > 50
    assert differing_tables(found, table_hashes(published_file(fresh))) == []
    assert examine(Settings(home=earlier)).findings == []
    if _layouts_of(code) != LAYOUTS:
        assert "A later release wrote" in run_release(code, "ingest", "--sources", str(world), home=earlier, expect=2)


def _layouts_of(code: Path) -> object:
    """Return the layouts that a release writes; those of the present one for releases that cannot refuse others."""
    if not (code / "pipelines" / "orderhouse" / "storage" / "layouts.py").exists():
        return LAYOUTS
    command = "import json; from orderhouse.storage.layouts import LAYOUTS; print(json.dumps(LAYOUTS))"
    environment = os.environ | {"PYTHONPATH": str(code / "pipelines")}
    done = subprocess.run([sys.executable, "-c", command], env=environment, capture_output=True, check=True)
    return json.loads(done.stdout)
