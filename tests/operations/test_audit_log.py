"""The audit log: rows are chained, and every way to tamper with it is found and named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import entries, record, verify
from orderhouse.operations.store import open_store
from orderhouse.settings import Settings

from tests.operations.conftest import PASSWORD

TRIGGERS = {
    "sqlite": ("drop trigger audit_log_update", "drop trigger audit_log_delete"),
    "postgresql": ("alter table audit_log disable trigger all",),
}


def _write(settings: Settings, count: int) -> None:
    for number in range(1, count + 1):
        record(settings, actor="anna@example.com", role="agent", action="page", subject=f"page {number}")


def _tamper(settings: Settings, *statements: str) -> None:
    """Change the table as somebody would who owns the database."""
    engine = open_store(settings).engine
    with engine.connect() as connection:
        for statement in (*TRIGGERS[engine.dialect.name], *statements):
            connection.exec_driver_sql(statement)
        connection.commit()


def test_rows_are_numbered_and_chained(settings: Settings) -> None:
    _write(settings, 3)
    rows = list(entries(settings))
    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert [row.subject for row in entries(settings, newest=2)] == ["page 3", "page 2"]
    found = verify(settings)
    assert (found.rows, found.problems, found.head) == (3, [], f"3:{rows[-1].hash}")


def test_log_without_rows_is_right(settings: Settings) -> None:
    assert verify(settings).problems == []


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (["update audit_log set subject = 'another' where number = 2"], "Row 2 was edited"),
        (["update audit_log set at = at || '0' where number = 4"], "Row 4 was edited"),
        (["delete from audit_log where number = 3"], "Row 3 is missing."),
        (["delete from audit_log where number in (1, 2)"], "Rows 1 to 2 are missing."),
        (["delete from audit_log where number > 3"], "Rows 4 to 5 are missing. The end of the log was cut off."),
        (["delete from audit_log"], "Rows 1 to 5 are missing. The end of the log was cut off."),
        (
            [f"update audit_log set number = {to} where number = {at}" for at, to in ((2, 9), (3, 2), (9, 3))],
            "Row 2 does not follow row 1",
        ),
    ],
    ids=["edited", "instant", "deleted", "beginning", "cut", "emptied", "exchanged"],
)
def test_tampering_is_found_and_named(settings: Settings, statements: list[str], named: str) -> None:
    _write(settings, 5)
    _tamper(settings, *statements)
    assert any(problem.startswith(named) for problem in verify(settings).problems)


def test_fields_of_a_row_cannot_be_moved_into_each_other(settings: Settings) -> None:
    record(settings, actor="anna", role="agent", action="page", subject="one", detail={"why": "two"})
    _tamper(settings, "update audit_log set actor = 'annaagent', role = ''")
    assert verify(settings).problems == ["Row 1 was edited: its content does not give its hash."]


def test_log_that_was_written_again_is_found_by_a_head_that_was_noted(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    _write(settings, 3)
    head = verify(settings).head
    _tamper(settings, "delete from audit_log")
    (tmp_path / "audit_log_head").unlink()
    _write(settings, 3)
    assert verify(settings).problems == []
    assert verify(settings, head=head).problems == [
        "Row 3 is not the row that was noted as the newest one: the log was written again."
    ]


def test_database_refuses_to_change_a_row(settings: Settings) -> None:
    _write(settings, 1)
    engine = open_store(settings).engine
    for statement in ("update audit_log set actor = 'eve'", "delete from audit_log"):
        with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"):
            connection.exec_driver_sql(statement)


def test_rows_of_many_writers_make_one_chain(settings: Settings) -> None:
    program = """
import sys
from pathlib import Path
from orderhouse.operations.audit_log import record
from orderhouse.settings import Settings
settings = Settings(home=Path(sys.argv[1]))
for number in range(15):
    record(settings, actor=sys.argv[2], role="agent", action="page", subject=str(number))
"""
    url = settings.operations_url.get_secret_value() if settings.operations_url else ""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(settings.home), name], env={"ORDERHOUSE_OPERATIONS_URL": url}
        )
        for name in ("anna", "bob", "carol")
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    found = verify(settings)
    assert (found.rows, found.problems) == (45, [])
    assert len({(row.actor, row.subject) for row in entries(settings)}) == 45


def test_store_of_a_newer_release_is_refused(settings: Settings) -> None:
    _write(settings, 1)
    with open_store(settings).engine.connect() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
        connection.commit()
    with pytest.raises(OrderhouseError, match="has the schema 9999 of a newer release"):
        open_store(settings)


def test_password_of_the_database_is_in_no_message(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, operations_url=f"postgresql://orderhouse:{PASSWORD}@127.0.0.1:1/none")
    with pytest.raises(OrderhouseError) as error:
        record(settings, actor="anna", role="agent", action="page")
    assert "The operations store postgresql+psycopg://orderhouse:***@127.0.0.1:1/none cannot be used" in str(
        error.value
    )
    assert PASSWORD not in f"{error.value!r} {settings!r}"


@pytest.mark.parametrize("address", ["nonsense", "mysql://host/name"])
def test_address_that_is_no_postgresql_database_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(OrderhouseError, match="^ORDERHOUSE_OPERATIONS_URL"):
        open_store(Settings(home=tmp_path, operations_url=address))


def test_address_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "address").write_text("mysql://host/name\n")
    with pytest.raises(OrderhouseError, match="address: the operations store is a PostgreSQL database"):
        open_store(Settings(home=tmp_path, operations_url_file=tmp_path / "address"))


def test_commands_verify_list_and_export_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(home=tmp_path)
    _write(settings, 2)
    assert run_command(["audit-log", "list", "--home", str(tmp_path)]) == 0
    assert run_command(["audit-log", "export", str(tmp_path / "log.ndjson"), "--home", str(tmp_path)]) == 0
    assert len((tmp_path / "log.ndjson").read_text().splitlines()) == 2
    assert run_command(["audit-log", "verify", "--home", str(tmp_path)]) == 0
    assert "2 rows, and every hash is right." in capsys.readouterr().out
    _tamper(settings, "delete from audit_log where number = 2")
    assert run_command(["audit-log", "verify", "--home", str(tmp_path)]) == 1
    assert "Row 2 is missing. The end of the log was cut off." in capsys.readouterr().err
