"""Reports: files under the rights of a role, without people, with a manifest that verifies, by mail or at a place."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import boto3
import duckdb
import openpyxl
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.operations.store import Store
from orderhouse.schedules.figures import FIGURES
from orderhouse.schedules.running import run_now
from orderhouse.schedules.schedules_file import load_schedules
from orderhouse.serve.reading import open_reader
from orderhouse.serve.verifying import verify
from orderhouse.settings import Settings

from tests.dashboards.published_home import publish
from tests.messages.sinks import MailSink
from tests.s3_server import s3_server, set_s3_environment
from tests.schedules.conftest import WriteSchedules, deliver
from tests.schedules.times import DAY, MONDAY

TO = "recipients: [ann@example.com]"
QUERY = "select channel, count(*) as orders, sum(due_amount) as due_amount from ops.orders group by all order by 2"
ROLES = "roles: {south: {tables: [all], rows: {channel: [web]}, exports: true}, looker: {tables: [all]}}\n"


def entry(what: str, name: str = "daily", role: str = "operator", to: str = TO) -> str:
    return f"{name}: {{role: {role}, cron: 0 8 * * *, {what}, {to}}}"


def made(settings: Settings, write_schedules: WriteSchedules, what: str, **more: str) -> Path:
    """Run one report, and return the folder of its files."""
    write_schedules(entry(what, **more))
    (run,) = run_now(settings, "daily", now=MONDAY).ended
    assert run.state == "done", run.sentence
    (folder,) = (settings.home / "reports" / "daily").iterdir()
    return folder


def attached(mail: MailSink, number: int = 0) -> dict[str, bytes]:
    parts = mail.got[number][1].iter_attachments()
    return {str(part.get_filename()): bytes(part.get_payload(decode=True)) for part in parts}


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx", "pdf"])
def test_a_query_is_mailed_in_each_format_with_a_manifest_that_verifies(
    home: Settings, mail: MailSink, write_schedules: WriteSchedules, format: str
) -> None:
    folder = made(home, write_schedules, f"query: '{QUERY}', format: {format}")
    assert deliver(home, MONDAY).sent == 1
    files = attached(mail)
    assert set(files) == {path.name for path in folder.iterdir()}
    assert {f"daily.{format}", "manifest.json"} <= set(files)
    assert all((folder / name).read_bytes() == content for name, content in files.items())
    found = verify(home, str(folder))
    assert found.problems == [] and found.is_derived
    assert json.loads(files["manifest.json"])["tables"][0]["query"] == QUERY
    with open_reader(home) as reader:
        expected = reader.execute(QUERY).fetchall()
    if format == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(files["daily.xlsx"])).worksheets[0]
        assert [row[:2] for row in sheet.iter_rows(min_row=2, values_only=True)] == [row[:2] for row in expected]
    elif format == "parquet":
        rows = duckdb.execute("select * from read_parquet(?)", [str(folder / "daily.parquet")]).fetchall()
        assert rows == expected
    else:
        rows = list(csv.reader(io.StringIO(files["daily.csv"].decode())))
        assert rows == [["channel", "orders", "due_amount"], *[[str(value) for value in row] for row in expected]]
    if format == "pdf":
        assert files["daily.pdf"].startswith(b"%PDF-")


@pytest.mark.parametrize("name", sorted(FIGURES))
@pytest.mark.parametrize("format", ["png", "pdf"])
def test_every_figure_is_drawn_with_its_rows(
    home: Settings, write_schedules: WriteSchedules, name: str, format: str
) -> None:
    if home.operations_url is not None:
        pytest.skip("figures do not use the store")
    folder = made(home, write_schedules, f"figure: {name}, format: {format}")
    assert (folder / f"daily.{format}").read_bytes()[:5] in (b"\x89PNG\r", b"%PDF-")
    assert (folder / "daily.csv").read_text(encoding="utf-8").count("\n") > 1
    assert verify(home, str(folder)).problems == []


def test_a_changed_row_or_picture_does_not_verify(home: Settings, write_schedules: WriteSchedules) -> None:
    folder = made(home, write_schedules, "figure: orders_by_stage, format: png")
    picture = folder / "daily.png"
    content = picture.read_bytes()
    picture.write_bytes(content + b"x")
    assert verify(home, str(folder)).problems == ["daily.png is not the file that was exported: its SHA-256 differs."]
    picture.write_bytes(content)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace("ops.orders", "ops.returns"))
    assert "The signature does not fit the manifest" in verify(home, str(folder)).problems[0]


def test_other_rows_of_the_version_are_found(home: Settings, write_schedules: WriteSchedules) -> None:
    folder = made(home, write_schedules, f"query: '{QUERY}', format: csv")
    with duckdb.connect(str(home.published / "warehouse-1.duckdb")) as connection:
        connection.execute("update marts.fct_orders set channel = 'web'")
    assert "the version has" in verify(home, str(folder)).problems[0]


def test_a_table_is_filtered_and_has_no_columns_of_people(home: Settings, write_schedules: WriteSchedules) -> None:
    folder = made(home, write_schedules, "table: ops.exceptions, where: \"severity = 'high'\", format: csv")
    rows = list(csv.DictReader((folder / "daily.csv").read_text(encoding="utf-8").splitlines()))
    assert rows and {row["severity"] for row in rows} == {"high"}
    assert not {"assignee", "resolved_by"} & set(rows[0]) and "order_id" in rows[0]
    assert not any(name.endswith("_token") for name in rows[0])


@pytest.mark.parametrize(
    "query",
    [
        "select customer_token from ops.orders",
        "select email_token as x from marts.dim_customers",
        "select to_json(orders)->>''customer_token'' as x from held.ops.orders as orders",
        "select assignee from ops.exceptions",
    ],
)
def test_a_query_for_people_fails_in_a_sentence(
    home: Settings, store: Store, write_schedules: WriteSchedules, query: str
) -> None:
    write_schedules(entry(f"query: '{query}', format: csv"))
    (run,) = run_now(home, "daily", now=MONDAY).ended
    assert run.state == "failed"
    assert "Columns that stand for people are not there" in (run.sentence or "") or "without their catalog" in (
        run.sentence or ""
    )


def test_whole_rows_have_no_tokens_either(home: Settings, write_schedules: WriteSchedules) -> None:
    folder = made(home, write_schedules, "query: 'select to_json(o) as x from ops.orders as o limit 5', format: csv")
    assert "_token" not in (folder / "daily.csv").read_text(encoding="utf-8")


def test_a_query_may_end_in_a_comment(home: Settings, write_schedules: WriteSchedules) -> None:
    for format in ("csv", "xlsx", "pdf"):
        write_schedules(entry(f'query: "select 1 as one -- our number", format: {format}', name=format))
        (run,) = run_now(home, format, now=MONDAY).ended
        assert run.state == "done", run.sentence


def test_a_role_has_its_rows_alone_and_must_be_allowed_to_export(
    home: Settings, write_schedules: WriteSchedules
) -> None:
    (home.home / "access.yaml").write_text(ROLES, encoding="utf-8")
    query = "query: 'select distinct channel from ops.orders', format: csv"
    folder = made(home, write_schedules, query, role="south")
    assert (folder / "daily.csv").read_text(encoding="utf-8").splitlines() == ["channel", "web"]
    assert verify(home, str(folder)).problems == []
    write_schedules(entry(query, role="looker"))
    (run,) = run_now(home, "daily", now=MONDAY + DAY).ended
    assert (run.state, run.sentence) == ("failed", "The role looker may not export, so it has no reports.")


def test_text_that_a_spreadsheet_would_run_is_guarded(home: Settings, write_schedules: WriteSchedules) -> None:
    folder = made(home, write_schedules, "query: \"select '=1+1' as x\", format: csv")
    assert (folder / "daily.csv").read_text(encoding="utf-8") == "x\n'=1+1\n"


def test_a_report_goes_to_a_named_destination_in_a_folder_of_its_own(
    home: Settings, write_schedules: WriteSchedules
) -> None:
    place = home.exports / "daily"
    made(home, write_schedules, f"query: '{QUERY}', format: csv", to=f"destination: {place}")
    (folder,) = (place / "daily").iterdir()
    assert {path.name for path in folder.iterdir()} == {"daily.csv", "manifest.json"}
    assert verify(home, str(folder)).problems == []


def test_a_place_that_is_not_named_is_refused(home: Settings, tmp_path: Path, write_schedules: WriteSchedules) -> None:
    place = tmp_path.parent / "elsewhere"
    write_schedules(entry(f"query: '{QUERY}', format: csv", to=f"destination: {place}"))
    (run,) = run_now(home, "daily", now=MONDAY).ended
    assert run.state == "failed" and f"Exports may not go to {place}." in (run.sentence or "")
    assert not place.exists()


def test_an_empty_report_is_sent_only_if_it_is_asked_for(
    home: Settings, mail: MailSink, write_schedules: WriteSchedules
) -> None:
    nothing = "query: 'select * from ops.orders where false', format: csv"
    write_schedules(entry(nothing), entry(nothing + ", if_empty: send", "always"))
    (run,) = run_now(home, "daily", now=MONDAY).ended
    assert (run.state, run.sentence) == ("empty", "There are no rows, so nothing was sent.")
    assert run_now(home, "always", now=MONDAY).ended[0].state == "done"
    assert deliver(home, MONDAY).sent == 1 and "always.csv" in attached(mail)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("select * from ops.ordres", "The query does not fit the tables: "),
        ("select nothing", "The query does not fit the tables: "),
        ("drop table ops.orders", "Only one reading statement is allowed."),
        ("select * from read_csv(''/etc/passwd'')", "read_csv is not allowed"),
        ("select cast(''x'' || order_id as integer) from ops.orders", "Could not convert string"),
    ],
)
def test_a_query_that_fails_ends_in_a_sentence(
    home: Settings, write_schedules: WriteSchedules, query: str, sentence: str
) -> None:
    write_schedules(entry(f"query: '{query}', format: csv"))
    (run,) = run_now(home, "daily", now=MONDAY).ended
    assert run.state == "failed" and sentence in (run.sentence or "")
    assert "Traceback" not in (run.sentence or "")


def test_files_of_older_runs_are_removed_but_those_that_wait_stay(
    home: Settings, mail: MailSink, write_schedules: WriteSchedules
) -> None:
    write_schedules(entry(f"query: '{QUERY}', format: csv"))
    settings = home.model_copy(update={"keep_reports": 2})
    for day in range(4):
        run_now(settings, "daily", now=MONDAY + day * DAY)
    assert len(list((home.home / "reports" / "daily").iterdir())) == 4, "their mails have not gone"
    deliver(home, MONDAY + 3 * DAY)
    run_now(settings, "daily", now=MONDAY + 4 * DAY)
    assert len(list((home.home / "reports" / "daily").iterdir())) == 2


def test_a_report_too_large_for_a_mail_says_so(
    home: Settings, monkeypatch: pytest.MonkeyPatch, write_schedules: WriteSchedules
) -> None:
    monkeypatch.setattr("orderhouse.schedules.making.MOST_MAILED", 100)
    write_schedules(entry("table: ops.orders, format: csv"))
    (run,) = run_now(home, "daily", now=MONDAY).ended
    assert run.state == "failed" and "Name a `destination`" in (run.sentence or "")


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("format: csv", "it has none of `worklist`, `query`, `table`, `figure`"),
        ("query: select 1, worklist: all", "it has `worklist` and `query`; write one of them"),
        ("query: select 1", "it has no `format`"),
        ("query: select 1, format: png", "a picture is made of a figure"),
        ("figure: net_sales, format: png", "there is no figure 'net_sales'; did you mean 'net_sales_by_"),
        ("worklist: all, format: csv", "a worklist is a text, and has no `format`"),
        ("query: select 1, format: csv, where: x", "`where` belongs to a table"),
        ("query: select 1, format: cvs", "there is no format 'cvs'; did you mean 'csv'?"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(
    home: Settings, write_schedules: WriteSchedules, what: str, sentence: str
) -> None:
    write_schedules(entry(what))
    with pytest.raises(OrderhouseError) as raised:
        load_schedules(home)
    assert "schedules.yaml:2: daily" in raised.value.message and sentence in raised.value.message


def test_what_was_made_is_handed_over_as_it_is_also_of_an_older_version(
    home: Settings, write_schedules: WriteSchedules
) -> None:
    folder = made(home, write_schedules, f"query: '{QUERY}', format: csv")
    publish(home.home, number=2, empty=True)
    assert verify(home, str(folder)).problems == [], "the version of the report is kept"


def test_a_report_goes_to_an_object_store_that_the_settings_name(
    home: Settings, monkeypatch: pytest.MonkeyPatch, write_schedules: WriteSchedules
) -> None:
    with s3_server() as endpoint:
        set_s3_environment(monkeypatch, endpoint)
        boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="reports")
        settings = home.model_copy(update={"export_destinations": ("s3://reports/daily",)})
        write_schedules(entry(f"query: '{QUERY}', format: parquet", to="destination: s3://reports/daily/sales"))
        (run,) = run_now(settings, "daily", now=MONDAY).ended
        assert (run.state, run.sentence) == (
            "done",
            "4 rows. Files in s3://reports/daily/sales/daily/2026-04-06T063000Z.",
        )
        assert verify(settings, "s3://reports/daily/sales/daily/2026-04-06T063000Z").problems == []
