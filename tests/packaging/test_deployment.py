"""Tests of the files with which Orderhouse runs as a service."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from orderhouse.cli.application import app, run_command

ROOT = Path(__file__).parents[2]
DEPLOYMENT = ROOT / "examples" / "deployment"
UNITS = sorted(DEPLOYMENT.glob("*.service"))
# The figure of systemd: 10 is a service that may do everything, and 0 one that may do nothing.
MOST_EXPOSED = 2.0


def packages(lock: Path) -> dict[str, set[str]]:
    """Return the hashes of each package with its version."""
    found: dict[str, set[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if "==" in line:
            name = re.sub(r"\[.*\]", "", line.split(" ")[0])
            found[name] = set()
        elif "--hash" in line:
            found[name].add(line.strip(" \\"))
    return found


def test_packages_of_a_service_are_those_of_the_project_without_development() -> None:
    service, project = packages(DEPLOYMENT / "requirements.lock"), packages(ROOT / "requirements.lock")
    assert {name: hashes for name, hashes in service.items() if project.get(name) != hashes} == {}
    names = {name.split("==")[0] for name in service}
    assert {"duckdb", "streamlit", "hatchling"} <= names
    assert names.isdisjoint({"pytest", "ruff", "mypy", "moto", "selenium"})


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_unit_starts_a_command_that_exists_with_options_that_exist(unit: Path) -> None:
    lines = re.findall(r"^ExecStart=(.*)$", unit.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert lines
    for line in lines:
        command: Any = typer.main.get_command(app)
        _, *words = shlex.split(line)
        # A group may run without one of its commands.
        while hasattr(command, "commands") and not words[0].startswith("--"):
            command = command.commands[words.pop(0)]
        assert not hasattr(command, "commands") or command.invoke_without_command
        known = {option for parameter in command.params for option in parameter.opts}
        assert {option for option in words if option.startswith("--")} <= known


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_unit_may_do_little_and_says_so_in_words_that_systemd_knows(unit: Path, tmp_path: Path) -> None:
    here = tmp_path / unit.name
    # Only the command is not installed here.
    here.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8")))
    verified = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False)
    assert unit.name not in verified.stderr
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(here)], capture_output=True, text=True, check=True
    )
    [figure] = re.findall(r"Overall exposure level for .*: ([\d.]+)", judged.stdout)
    assert float(figure) <= MOST_EXPOSED


def test_container_copies_what_exists_and_runs_without_rights() -> None:
    text = (DEPLOYMENT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, flags=re.MULTILINE)
        for source in shlex.split(line)[:-1]
    ]
    assert [source for source in copied if not (ROOT / source).exists()] == []
    included = re.findall(r'^"([^"]+)" = "orderhouse/share', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert set(included) <= set(copied)
    last = text.split("\nFROM ")[-1]
    assert re.search(r"^USER orderhouse$", last, flags=re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*orderhouse.*health", last, flags=re.MULTILINE)


def test_health_names_the_server_that_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["health", "--port", "0", "--dashboard-port", "9"]) == 2
    assert "The dashboards on port 9: no answer (ConnectionError)." in capsys.readouterr().err
