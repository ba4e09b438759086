"""Tests of the command line: its output, its exit codes, and the modules that it does not import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.serve.publishing import record_refusal
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import run_lock

from tests.integration.running import share_parsed_project
from tests.serve.built_home import make_build, make_version


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with one version. Tests only read it."""
    settings, _ = make_version(tmp_path_factory.mktemp("home"))
    return settings.home


class Said:
    """Exit code and output of a command."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Orderhouse = Callable[..., Said]


@pytest.fixture
def orderhouse(capsys: pytest.CaptureFixture[str]) -> Orderhouse:
    """Run a command in this process."""

    def run(*arguments: str | Path) -> Said:
        code = run_command([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return run


def test_status_of_an_empty_home_says_what_to_type(orderhouse: Orderhouse, tmp_path: Path) -> None:
    said = orderhouse("status", "--home", tmp_path)
    assert said.code == 0 and "Nothing is published yet. Next: orderhouse run" in said.out


def test_status_says_version_clock_feeds_and_quarantine(orderhouse: Orderhouse, home: Path) -> None:
    out = orderhouse("--home", home, "status").out
    assert "Version 1, published" in out and "clock 2026-03-01 12:00:00.000000 UTC" in out
    assert "1 file, 10 rows: 8 accepted, 1 duplicate, 1 in quarantine" in out
    assert "No run holds the warehouse." in out
    assert "In quarantine: 1 open row, and 0 that still break a rule after a repair." in out
    assert "1 repair does not apply any longer" in out


def test_status_says_since_when_and_why_readers_see_an_older_version(orderhouse: Orderhouse, tmp_path: Path) -> None:
    make_version(tmp_path)
    record_refusal(make_build(tmp_path, "second", passed=False))
    out = orderhouse("--home", tmp_path, "status").out
    assert "the audit has refused newer builds" in out and "every_cent_is_there: 3 rows" in out


def test_global_options_may_stand_after_the_command(orderhouse: Orderhouse, home: Path) -> None:
    assert orderhouse("sql", "select 1", f"--home={home}").code == 0


def test_sql_prints_a_table(orderhouse: Orderhouse, home: Path) -> None:
    out = orderhouse("--home", home, "sql", "select order_id, due_amount from ops.orders order by 1 limit 1").out
    assert "OH-0001" in out and "1.10" in out and "1 row" in out


def test_sql_writes_json_to_a_file(orderhouse: Orderhouse, home: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    orderhouse("--home", home, "sql", "select count(*) as orders from ops.orders", "-f", "json", "-o", target)
    assert json.loads(target.read_text()) == [{"orders": 100}]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("sql", "select * from nowhere"), "nowhere"),
        (("sql", "drop table ops.orders"), "Only one reading statement is allowed."),
        (("sql", "select 1", "--format", "xml"), "'xml' is not an output format"),
        (("order", "OH-9999x"), "There is no order 'OH-9999x'."),
        (("track", "GUESSED"), "There is no order with the tracking id"),
        (("export", "nothing_like_it"), "There is no published table 'nothing_like_it'."),
        (("export", "ops.orders", "--format", "xls"), "'xls' is not an export format"),
        (("verify", "nowhere.json"), "There is no manifest nowhere.json."),
        (("rollback", "7"), "There is no version 7. Versions kept: 1."),
        (("quarantine", "show", "zzz"), "There is no row 'zzz' in quarantine."),
        (("build", "--as-of", "yesterday"), "--as-of 'yesterday' is neither"),
        (("run", "--as-of", "yesterday"), "--as-of 'yesterday' is neither"),
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_code_2(
    orderhouse: Orderhouse, home: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    said = orderhouse("--home", home, *arguments)
    assert said.code == 2 and sentence in said.err
    assert "Traceback" not in said.err + said.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nonsense",), "No such command 'nonsense'.\nUsage: orderhouse "),
        (("status", "--nonsense"), "No such option: --nonsense\nUsage: orderhouse status "),
        (("order",), "Missing argument 'ID'.\nUsage: orderhouse order "),
        (("build", "--as-of"), "requires an argument.\nMore: orderhouse --help"),
    ],
)
def test_unknown_words_and_missing_ones_are_named(
    orderhouse: Orderhouse, arguments: tuple[str, ...], sentence: str
) -> None:
    said = orderhouse(*arguments)
    assert said.code == 2 and sentence in said.err and "Unexpected error" not in said.err


def test_debug_shows_the_traceback(orderhouse: Orderhouse, home: Path) -> None:
    assert "Traceback" in orderhouse("--home", home, "order", "X", "--debug").err


def test_one_order_with_its_timeline(orderhouse: Orderhouse, home: Path) -> None:
    out = orderhouse("--home", home, "order", "OH-0042").out
    assert "TRACK0000042" in out and "Timeline" in out and "46.20" in out
    assert orderhouse("--home", home, "track", "TRACK0000042").out == out


def test_quarantine_shows_file_line_and_reason(orderhouse: Orderhouse, home: Path) -> None:
    assert "orders.csv:7" in orderhouse("--home", home, "quarantine", "list").out
    assert "placed_at_missing" in orderhouse("--home", home, "quarantine", "show", "q-1").out


@pytest.mark.parametrize("command", [("ingest",), ("build",), ("audit",), ("publish",), ("run",)])
def test_second_writer_ends_with_3_and_is_told_who_holds_the_warehouse(
    orderhouse: Orderhouse, home: Path, command: tuple[str, ...]
) -> None:
    with run_lock(Settings(home=home), "a long run"):
        said = orderhouse("--home", home, *command)
    assert said.code == 3 and "a long run" in said.err


def test_reading_goes_on_while_a_run_holds_the_warehouse(orderhouse: Orderhouse, home: Path) -> None:
    with run_lock(Settings(home=home), "a long run"):
        assert "Held by a long run" in orderhouse("--home", home, "status").out
        assert orderhouse("--home", home, "sql", "select 1").code == 0


def test_refused_build_is_not_published_and_ends_with_1(orderhouse: Orderhouse, tmp_path: Path) -> None:
    make_build(tmp_path, passed=False)
    said = orderhouse("--home", tmp_path, "publish")
    assert said.code == 1 and "every_cent_is_there: 3 rows" in said.err


def test_versions_and_rollback(orderhouse: Orderhouse, tmp_path: Path) -> None:
    make_version(tmp_path, "a")
    make_version(tmp_path, "b")
    assert "Version 1 is current again" in orderhouse("--home", tmp_path, "rollback", "1").out
    lines = orderhouse("--home", tmp_path, "versions").out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("→")] == ["→"]
    assert next(line for line in lines if line.startswith("→")).split()[1] == "1"


def test_export_then_verify_then_find_a_changed_file(orderhouse: Orderhouse, home: Path, tmp_path: Path) -> None:
    said = orderhouse("--home", home, "export", "ops.orders", "-f", "csv", "--to", tmp_path, "--where", "is_late")
    assert "ops.orders: 50 rows in 1 file" in said.out
    assert "match version 1" in orderhouse("--home", home, "verify", tmp_path).out
    (tmp_path / "orders.csv").write_text("changed")
    changed = orderhouse("--home", home, "verify", tmp_path)
    assert changed.code == 1 and "its SHA-256 differs" in changed.err


@pytest.mark.parametrize(
    "arguments",
    [("status",), ("sql", "select 1"), ("order", "OH-0001"), ("versions",), ("quarantine", "list"), ("--help",)],
)
def test_reading_commands_start_without_the_heavy_libraries(home: Path, arguments: tuple[str, ...]) -> None:
    script = (
        "import sys; from orderhouse.cli.application import run_command; run_command(sys.argv[1:]); "
        "heavy = {'dagster', 'dbt', 'great_expectations', 'polars', 'pandas', 'pyarrow', 'dataframely'}; "
        "print('HEAVY', heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--home", str(home), *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "HEAVY set()"


def test_source_is_tried_without_loading_anything(orderhouse: Orderhouse, tmp_path: Path) -> None:
    (tmp_path / "payments.csv").write_text(
        "payment_id,order_id,kind,amount,currency,occurred_at\n"
        "1,A,captured,10.00,EUR,2026-01-01T00:00:00Z\n"
        "2,A,settled,10.00,EUR,2026-01-01T00:00:00Z\n"
        "3,A,captured,ten,EUR,2026-01-01T00:00:00Z\n"
    )
    sources = tmp_path / "sources.yaml"
    sources.write_text("sources:\n  bank:\n    format: canonical\n    path: payments.csv\n")
    out = orderhouse("--home", tmp_path / "home", "sources", "check", "bank", "--sources", sources).out
    assert "payments: 3 rows, 2 accepted, 1 to quarantine" in out
    assert "amount 'ten' is not a number" in out
    assert "kind: unmapped words 'settled' (1)" in out
    assert not (tmp_path / "home" / "warehouse").exists()


def test_a_check_of_a_source_without_files_ends_with_2(orderhouse: Orderhouse, tmp_path: Path) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text("sources:\n  bank:\n    format: canonical\n    path: paymnets*.csv\n")
    said = orderhouse("--home", tmp_path / "home", "sources", "check", "--sources", sources)
    assert said.code == 2
    assert "no file matches paymnets*.csv" in said.out
    assert f"No file was found for bank. Correct `path` in {sources}." in said.err


@pytest.mark.parametrize("command", ["ingest", "run"])
def test_a_source_that_cannot_be_read_ends_with_2_once_all_else_is_done(
    orderhouse: Orderhouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (tmp_path / "orders.csv").write_text(
        "order_id,placed_at,updated_at,currency\n1,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,EUR\n"
    )
    sources = tmp_path / "sources.yaml"
    sources.write_text(
        "sources:\n  near: {format: canonical, path: orders.csv}\n"
        "  far: {format: canonical, path: s3://feeds/orders-*.csv}\n"
    )
    share_parsed_project(tmp_path / "home")
    said = orderhouse("--home", tmp_path / "home", command, "--sources", sources)
    assert said.code == 2
    assert "1 row accepted" in said.out
    assert "s3://feeds/orders-*.csv could not be read, as noted above. All else is done. Run again." in said.err
    if command == "run":
        assert "Published version 1" in said.out


def test_simulated_feeds_say_what_to_type_next(orderhouse: Orderhouse, tmp_path: Path) -> None:
    out = orderhouse("simulate", "--orders", "5", "--seed", "2", "--to", tmp_path / "feeds").out
    assert f"orderhouse run --sources {tmp_path / 'feeds' / 'sources.yaml'}" in out
    assert (tmp_path / "feeds" / "sources.yaml").exists()


def test_argument_that_is_not_utf_8_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["order", "\udcff"]) == 2
    assert "The argument \\udcff is not UTF-8 text" in capsys.readouterr().err
