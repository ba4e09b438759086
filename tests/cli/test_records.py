"""Tests of wide answers of `sql`, of the times of `order`, and of commands in messages."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from orderhouse import invocation
from orderhouse.cli import querying
from orderhouse.cli.application import run_command
from orderhouse.cli.session import console
from orderhouse.invocation import as_typed_here, command_here

from tests.serve.built_home import make_version

BERLIN = "Europe/Berlin"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with one version. Tests only read it."""
    settings, version = make_version(tmp_path_factory.mktemp("home"))
    path = version.path.with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"business_time_zone": BERLIN}))
    return settings.home


def out_of(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Run a command and return its output."""
    assert run_command([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def test_rows_wider_than_the_screen_become_records(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "width", 40)
    out = out_of(capsys, "--home", home, "sql", "select * from ops.orders order by 1 limit 2")
    lines = out.splitlines()
    assert [line.split(" -")[0] for line in lines if line.startswith("row ")] == ["row 1 of 2", "row 2 of 2"]
    assert max(map(len, lines)) <= 40
    assert ["order_id", "OH-0001"] in [line.split() for line in lines]
    assert ["placed_at", "2026-02-01", "11:00:00"] in [line.split() for line in lines]
    assert "2 rows" in out


def test_rows_that_fit_stay_a_table(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = out_of(capsys, "--home", home, "sql", "select order_id, stage from ops.orders order by 1 limit 2")
    assert out.split()[:4] == ["order_id", "stage", "OH-0001", "placed"] and "row 1" not in out


def test_csv_does_not_depend_on_the_screen(
    home: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "width", 10)
    assert run_command(["--home", str(home), "sql", "select * from ops.orders limit 1", "--format", "csv"]) == 0
    assert capfdbinary.readouterr().out.startswith(b"order_id,tracking_id,stage,")


@pytest.mark.parametrize(("width", "shown"), [(200, 10), (40, 5)])
def test_long_answer_says_how_many_of_how_many(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, shown: int
) -> None:
    monkeypatch.setattr(console, "width", width)
    monkeypatch.setattr(querying, "MOST_ROWS_SHOWN", 10)
    monkeypatch.setattr(querying, "MOST_RECORDS_SHOWN", 5)
    out = out_of(capsys, "--home", home, "sql", "select * from ops.orders")
    assert f"The first {shown} of 100 rows. `--format csv` writes all of them." in " ".join(out.split())
    assert out.count("OH-0") == shown


def test_order_shows_times_of_the_business_zone_and_names_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = out_of(capsys, "--home", home, "order", "OH-0001")
    assert "2026-02-01 12:00:00" in out and "2026-02-01 11:00:00" not in out
    assert f"Times in {BERLIN}." in out


def test_order_as_json_has_instants_in_utc(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(out_of(capsys, "--home", home, "track", "TRACK0000001", "--format", "json"))
    assert found["order_id"] == "OH-0001" and found["placed_at"] == "2026-02-01T11:00:00Z"
    assert found["timeline"][0]["occurred_at"] == "2026-02-01T11:00:00Z"


def test_messages_name_the_command_that_works_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    for name in ("orderhouse", "python"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    assert command_here() == ".venv/bin/orderhouse"
    text = "Run `orderhouse run --full`. Next: orderhouse status\n  orderhouse up   Dagster"
    assert as_typed_here(text) == (
        "Run `.venv/bin/orderhouse run --full`. Next: .venv/bin/orderhouse status\n  .venv/bin/orderhouse up   Dagster"
    )
    assert as_typed_here("of orderhouse itself, orderhouse.toml, `orderhouse.toml`") == (
        "of orderhouse itself, orderhouse.toml, `orderhouse.toml`"
    )
    monkeypatch.chdir("/")
    assert command_here() == str(folder / "orderhouse")
    monkeypatch.setenv("PATH", os.pathsep.join(["/nowhere", str(folder)]))
    assert command_here() == "orderhouse"
    other = tmp_path / "other"
    other.mkdir()
    (other / "orderhouse").write_text("#!/bin/sh\n")
    (other / "orderhouse").chmod(0o700)
    monkeypatch.setenv("PATH", f"{other}{os.pathsep}{folder}")
    monkeypatch.chdir(tmp_path)
    assert command_here() == ".venv/bin/orderhouse"


def test_command_line_prints_the_command_that_works_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(invocation, "command_here", lambda: "/opt/orderhouse/bin/orderhouse")
    assert "Next: /opt/orderhouse/bin/orderhouse run" in out_of(capsys, "--home", tmp_path, "status")
