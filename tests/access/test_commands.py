"""Commands as a role, and their record in the audit log."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.operations.audit_log import entries
from orderhouse.settings import Settings

from tests.dashboards.published_home import publish

ROLES = """
mode: oidc
roles:
  store: {tables: all, rows: {channel: [store]}}
  wrong: {tables: all, hidden_columns: [traking_id]}
  clerk: {tables: [quality.quarantine]}
  untracked: {tables: all, hidden_columns: [tracking_id]}
  auditor: {tables: all}
  mender: {tables: all, actions: [repair], exports: yes}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Publish a version in a home where people sign in, with secrets that could work."""
    publish(tmp_path, orders=50)
    (tmp_path / "access.yaml").write_text(ROLES, encoding="utf-8")
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(
        '[auth]\nredirect_uri = "http://127.0.0.1:8501/oauth2callback"\n'
        'cookie_secret = "0123456789abcdef0123456789abcdef"\n'
        'client_id = "a"\nclient_secret = "b"\nserver_metadata_url = "http://127.0.0.1:1/"\n'
    )
    secrets.chmod(0o600)
    monkeypatch.setenv("ORDERHOUSE_OIDC_SECRETS", str(secrets))
    monkeypatch.setenv("ORDERHOUSE_HOME", str(tmp_path))
    return tmp_path


def _done(home: Path) -> list[tuple[str, str, str]]:
    return [(entry.role, entry.action, entry.subject) for entry in entries(Settings(home=home))]


def test_query_as_a_role_has_its_rows_and_is_recorded(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    query = "select distinct channel from ops.orders"
    assert run_command(["sql", query, "--format", "csv", "--as-role", "store"]) == 0
    assert capsys.readouterr().out.split() == ["channel", "store"]
    assert run_command(["sql", query, "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.split()) > 2
    assert _done(home) == [("store", "query", query), ("admin", "query", query)]


def test_nothing_is_recorded_of_queries_where_nobody_signs_in(home: Path) -> None:
    (home / "access.yaml").unlink()
    assert run_command(["sql", "select 1"]) == 0
    assert not (home / "operations").exists()


def test_query_that_cannot_be_recorded_is_not_answered(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHOUSE_OPERATIONS_URL", "postgresql://orderhouse:secret@127.0.0.1:1/none")
    assert run_command(["sql", "select 'an answer' as said"]) == 2
    captured = capsys.readouterr()
    assert "an answer" not in captured.out
    assert "The operations store" in captured.err
    assert "secret" not in captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", "ops.orders", "--as-role", "store"], "The role store may not export."),
        (["explain", "ops.orders", "x", "stage", "--as-role", "store"], "The role store may not explain"),
        (["close", "2026-01", "--role", "store"], "The role store may not close months."),
        (["close", "2026-01", "--role", "finace"], "there is no role 'finace'; did you mean 'finance'?"),
        (["sql", "select 1", "--as-role", "stor"], "there is no role 'stor'; did you mean 'store'?"),
        (["restatements", "2026-01", "--as-role", "store"], "The role store may not see restatements"),
        (["restatements", "2026-01", "--as-role", "clerk"], "The role clerk may not see restatements"),
        (
            ["track", "AAAAAAAAAAAA", "--as-role", "untracked"],
            "The role untracked does not see what an order is found",
        ),
        (["order", "OH-1", "--as-role", "clerk"], "The role clerk does not see what an order is found by"),
        (["quarantine", "list", "--as-role", "store"], "The role store may not see the quarantine"),
        (["quarantine", "show", "a1", "--as-role", "viewer"], "The role viewer may not see the quarantine"),
        (["quarantine", "history", "--as-role", "agent"], "The role agent may not see the quarantine"),
        (["quarantine", "show", "a1", "--reveal", "--as-role", "auditor"], "auditor may not reveal personal data."),
        (["quarantine", "export", "--as-role", "auditor"], "The role auditor may not export."),
        (["quarantine", "export", "--reveal", "--as-role", "mender"], "mender may not reveal personal data."),
        (["quarantine", "repair", "a1", "--set", "a=b", "--why", "c", "--as-role", "auditor"], "it lacks `repair`"),
        (["quarantine", "replay", "--as-role", "auditor"], "it lacks `repair`"),
        (["quarantine", "discard", "a1", "--why", "c", "--as-role", "auditor"], "it lacks `repair`"),
        (["access", "check"], "'traking_id', which warehouse-1.duckdb lacks; did you mean 'tracking_id'?"),
    ],
)
def test_what_a_role_may_not_do_is_refused(
    home: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "done"),
    [
        (["status"], ("status", "home")),
        (["restatements", "2026-01"], ("restatements", "2026-01")),
        (["quarantine", "list", "--feed", "orders"], ("quarantine_list", "orders")),
        (["quarantine", "show", "a1"], ("quarantine_show", "a1")),
        (["quarantine", "history"], ("quarantine_history", "")),
        (["quarantine", "export"], ("export", "quarantine")),
        (["quarantine", "repair", "a1", "--set", "a=b", "--why", "c"], ("quarantine_repair", "a1")),
        (["quarantine", "replay"], ("quarantine_replay", "")),
        (["quarantine", "discard", "a1", "--why", "c"], ("quarantine_discard", "a1")),
    ],
)
def test_commands_that_read_for_a_role_are_recorded_before_they_read(
    home: Path, arguments: list[str], done: tuple[str, str]
) -> None:
    for role in ("mender", "admin"):
        run_command([*arguments, "--as-role", role])
    run_command(arguments)
    assert _done(home) == [("mender", *done), ("admin", *done), ("admin", *done)]


@pytest.mark.parametrize(
    ("month", "role", "why"),
    [
        ("2026-13", "finance", "is not a month"),
        ("2026-03", "finance", "has not ended"),
        ("2026-02", "finance", "was closed at"),
        ("2026-01", "viewer", "may not close months"),
    ],
)
def test_month_that_is_not_closed_is_recorded_as_refused(home: Path, month: str, role: str, why: str) -> None:
    (home / "access.yaml").unlink()
    assert run_command(["close", month, "--role", role]) == 2
    (entry,) = entries(Settings(home=home))
    assert (entry.role, entry.action, entry.subject) == (role, "close_month_refused", month)
    assert why in str(entry.detail)


def test_status_shows_a_role_no_files_and_feeds_that_it_may_not_read(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["status"]) == 0
    assert "accepted" in capsys.readouterr().out
    for role in ("store", "viewer", "clerk"):
        assert run_command(["status", "--as-role", role]) == 0
        shown = capsys.readouterr().out
        assert f"The role {role} does not see files, feeds, quarantine and alerts." in shown
        assert "Version 1" in shown and "accepted" not in shown
    assert run_command(["status", "--as-role", "auditor"]) == 0
    assert "accepted" in capsys.readouterr().out


def test_quarantine_is_shown_to_a_role_that_reads_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["quarantine", "list", "--as-role", "clerk"]) == 0
    listed = capsys.readouterr().out
    assert run_command(["quarantine", "list"]) == 0
    assert listed == capsys.readouterr().out != ""
