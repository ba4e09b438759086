"""Schedules page: what goes out and when, what it would send now, and a form that writes the file, each by role."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from orderhouse.operations.store import open_store
from orderhouse.schedules.running import run_due, run_now
from orderhouse.schedules.schedules_file import load_schedules
from orderhouse.schedules.states import list_runs
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

from tests.dashboards.conftest import Open, open_row, said, tables_of
from tests.dashboards.published_home import publish

SCHEDULES = """# Ours.
schedules:
  morning: {title: Morning list, role: operator, cron: 0 8 * * 1-5, worklist: all, recipients: [ann@example.com]}
  stages: {role: finance, cron: 0 7 * * 1, figure: orders_by_stage, format: png, recipients: [ann@example.com]}
  big: {role: operator, cron: 0 6 * * *, query: select order_id from ops.orders, format: csv, destination: exports}
"""
ACCESS = """mode: oidc
roles:
  south: {pages: [schedules], tables: [all], rows: {channel: [web]}, actions: [automate], exports: true}
  looker: {pages: [schedules], tables: [all], rows: {channel: [web]}}
people: {south@example.com: south, looker@example.com: looker, root@example.com: admin}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    publish(tmp_path)
    (tmp_path / "schedules.yaml").write_text(SCHEDULES.replace("exports}", f"{tmp_path}/exports}}"), encoding="utf-8")
    return tmp_path


def button(app: Any, text: str) -> Any:
    (found,) = [each for each in app.button if each.label == text]
    return found


def test_the_list_has_due_times_in_the_business_zone_and_their_outcome(home: Path, open_page: Open) -> None:
    run_now(Settings(home=home), "morning", now=datetime(2026, 4, 6, 6, 0, tzinfo=UTC))
    app = open_page(home, "schedules")
    assert not app.exception
    rows = {row["title"]: row for row in tables_of(app)[0].rows}
    assert set(rows) == {"Morning list", "Orders in progress by stage", "Big"}
    assert rows["Morning list"]["last"] == "6 Apr 2026, 08:00" or "08:00" in str(rows["Morning list"]["last"])
    assert rows["Morning list"]["outcome"] == "Done" and "08:00" in str(rows["Morning list"]["next"])
    assert "Times are those of Europe/Berlin." in said(app)


def test_an_opened_schedule_shows_what_it_would_send(home: Path, open_page: Open) -> None:
    app = open_row(open_page(home, "schedules"), "schedules")
    assert app.query_params["schedule"] in ("morning", ["morning"])
    with open_reader(Settings(home=home)) as reader:
        ((count,),) = reader.execute("select count(*) from ops.exceptions where is_in_worklist").fetchall()
    assert f"**Morning list: {count} open**" in said(app)
    assert list_runs(open_store(Settings(home=home))) == [], "a preview stores nothing"


@pytest.mark.parametrize("name", ["stages", "big"])
def test_reports_are_previewed_with_their_rows(home: Path, open_page: Open, name: str) -> None:
    app = open_page(home, "schedules", schedule=name)
    assert not app.exception and not app.error
    if name == "big":
        assert app.dataframe[0].value.shape == (50, 1)
    else:
        assert len(app.get("vega_lite_chart")) + len(app.get("arrow_vega_lite_chart")) == 1


def test_a_query_that_fails_is_told_in_the_preview(home: Path, open_page: Open) -> None:
    path = home / "schedules.yaml"
    path.write_text(path.read_text().replace("order_id from", "customer_token from"), encoding="utf-8")
    app = open_page(home, "schedules", schedule="big")
    assert not app.exception
    assert "Columns that stand for people are not there" in said(app)


def test_run_now_makes_it_due_and_the_next_round_runs_it(home: Path, open_page: Open) -> None:
    settings = Settings(home=home)
    run_due(settings)
    button(open_page(home, "schedules", schedule="morning"), "Run now").click().run()
    assert [run.state for run in list_runs(open_store(settings), "morning")] == ["due"]
    assert [run.state for run in run_due(settings).ended] == ["done"]


def test_a_schedule_is_switched_off_changed_and_deleted(home: Path, open_page: Open) -> None:
    settings = Settings(home=home)
    button(open_page(home, "schedules", schedule="morning"), "Switch off").click().run()
    assert not load_schedules(settings)[0].is_enabled
    app = open_page(home, "schedules", schedule="morning", edit="1")
    app.text_input(key="schedule_cron").set_value("30 9 * * *").run()
    button(app, "Save").click().run()
    assert not app.exception
    changed = load_schedules(settings)[0]
    assert (changed.cron, changed.is_enabled, changed.recipients) == ("30 9 * * *", False, ("ann@example.com",))
    button(open_page(home, "schedules", schedule="morning"), "Delete it").click().run()
    assert [each.name for each in load_schedules(settings)] == ["stages", "big"]
    assert (home / "schedules.yaml").read_text(encoding="utf-8").startswith("# Ours.\nschedules:\n  stages:")


def test_a_new_schedule_is_written_as_its_form_says(home: Path, open_page: Open) -> None:
    app = open_page(home, "schedules", schedule="new")
    assert "It cannot be saved yet. It has no recipients." in said(app)
    app.text_input(key="schedule_name").set_value("weekly").run()
    app.selectbox(key="schedule_kind").set_value("figure").run()
    app.selectbox(key="schedule_figure").set_value("net_sales_by_day").run()
    app.selectbox(key="schedule_format_figure").set_value("pdf").run()
    app.text_area(key="schedule_recipients").set_value("ann@example.com\nbob@example.com").run()
    button(app, "Save").click().run()
    assert not app.exception
    saved = load_schedules(Settings(home=home))[-1]
    assert (saved.name, saved.kind, saved.source, saved.format) == ("weekly", "figure", "net_sales_by_day", "pdf")
    assert saved.recipients == ("ann@example.com", "bob@example.com")


def test_a_mistake_is_told_before_saving(home: Path, open_page: Open) -> None:
    app = open_page(home, "schedules", schedule="new")
    app.text_input(key="schedule_cron").set_value("0 8 * *").run()
    assert "is no cron expression (it has 4 fields)" in said(app)
    assert [each.label for each in app.button if each.label == "Save"] == []


def test_a_role_sees_and_writes_its_own_schedules_alone(home: Path, open_page: Open, sign_in: Any) -> None:
    (home / "access.yaml").write_text(ACCESS, encoding="utf-8")
    path = home / "schedules.yaml"
    path.write_text(path.read_text().replace("role: finance", "role: south"), encoding="utf-8")
    sign_in("south@example.com")
    app = open_page(home, "schedules")
    assert [row["title"] for row in tables_of(app)[0].rows] == ["Orders in progress by stage"]
    assert "There is no schedule 'morning'; did you mean" in said(open_page(home, "schedules", schedule="morning"))
    assert open_page(home, "schedules", schedule="new").selectbox(key="schedule_role").options == ["south"]
    sign_in("looker@example.com")
    assert "There is no schedule yet." in said(open_page(home, "schedules"))
    assert "Your role may not write this schedule." in said(open_page(home, "schedules", schedule="new"))


def test_a_broken_file_is_told(home: Path, open_page: Open) -> None:
    (home / "schedules.yaml").write_text("schedules: {morning: {rule: x}}\n", encoding="utf-8")
    assert "there is no key 'rule'; did you mean 'role'?" in said(open_page(home, "schedules"))
