"""The unit tests that stand beside the models: state machines and formulas, written by hand from their definitions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.running import PROJECT, run_orderhouse


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with every table, since unit tests take their inputs' column types from them."""
    home = tmp_path_factory.mktemp("definitions")
    run_orderhouse("ingest", "--sources", str(PROJECT / "data" / "sample" / "sources.yaml"), home=home)
    run_orderhouse("build", "--as-of", "data", home=home)
    return home


def test_every_definition_does_what_its_unit_tests_say(home: Path) -> None:
    folders = ["--project-dir", "dbt_project", "--profiles-dir", "dbt_project"]
    scratch = ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "test", "--select", "test_type:unit", *folders, *scratch],
        env=os.environ | {"ORDERHOUSE_HOME": str(home)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    passed = re.search(r"PASS=(\d+)", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 73
