"""Rules page: rules are read, changed and saved by their form, and decisions are made by who may."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from orderhouse.operations.store import open_store
from orderhouse.rules.approvals import waiting_approvals
from orderhouse.rules.firings import list_firings
from orderhouse.rules.rules_file import load_rules
from orderhouse.rules.running import run_rules
from orderhouse.settings import Settings

from tests.dashboards.conftest import Open, said, table_with
from tests.dashboards.published_home import publish

RULES = """
rules:
  late:
    title: Late ones
    on: orders
    when:
      - {field: stage, eq: late}
      - any: [{field: due_amount, gt: 1}, {field: is_late, eq: true}]
    then:
      - approve: {role: finance}
      - notify: {role: operator, text: "Order {order_id}"}
    limit_per_run: 500
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Publish a home with one rule."""
    publish(tmp_path)
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def button(app: Any, text: str) -> Any:
    """Return the button of a text."""
    (found,) = [each for each in app.button if each.label == text]
    return found


def field(app: Any, kind: str, label: str) -> Any:
    """Return the first widget of a label."""
    return next(each for each in getattr(app, kind) if each.label == label)


def test_list_says_what_each_rule_does_and_would_do(home: Path, open_page: Open) -> None:
    app = open_page(home, "rules")
    (row,) = table_with(app, "new").rows
    assert row["title"] == "Late ones"
    assert row["when"] == "stage is late and (due amount is more than 1 or late)"
    assert row["then"] == "ask finance to approve, then tell operator"
    assert row["matched"] == row["new"] != "0"


def test_rule_is_opened_changed_and_saved(home: Path, open_page: Open) -> None:
    (before,) = load_rules(Settings(home=home))
    app = open_page(home, "rules", rule="late")
    assert not app.exception
    assert field(app, "text_input", "Title").value == "Late ones"
    app = field(app, "number_input", "Most firings of one run").set_value(7).run()
    assert "above its limit of 7" in said(app)
    button(app, "Save").click().run()
    (saved,) = load_rules(Settings(home=home))
    assert saved.limit_per_run == 7
    assert replace(saved, limit_per_run=before.limit_per_run).version == before.version


def test_new_rule_is_made_by_picking(home: Path, open_page: Open) -> None:
    app = open_page(home, "rules", rule="new")
    assert "It cannot be saved yet." in said(app)
    field(app, "text_input", "Name").set_value("hold_marketplace")
    app = field(app, "text_input", "Title").set_value("Hold orders of the marketplace").run()
    app = [each for each in app.button if each.label == "Add a condition"][0].click().run()
    app = field(app, "selectbox", "Field").set_value("channel").run()
    app = field(app, "selectbox", "Value").set_value("marketplace").run()
    app = field(app, "text_input", "Text").set_value("Order {order_id}").run()
    assert "It would fire for" in said(app)
    button(app, "Save").click().run()
    saved = load_rules(Settings(home=home))[-1]
    assert (saved.name, saved.is_enabled, saved.actions) == ("hold_marketplace", False, ())


def test_role_that_may_not_change_rules_is_not_offered_it(home: Path, open_page: Open, sign_in: Any) -> None:
    (home / "access.yaml").write_text("mode: oidc\npeople:\n  finn@example.com: finance\n", encoding="utf-8")
    sign_in("finn@example.com")
    app = open_page(home, "rules", rule="late")
    assert not app.exception
    assert "Save" not in [each.label for each in app.button]
    assert "Your role reads rules and does not change them." in said(app)


def test_decision_on_the_page_lets_the_steps_go_on(home: Path, open_page: Open) -> None:
    settings = Settings(home=home)
    run_rules(settings, now=datetime.now(UTC))
    waiting = waiting_approvals(settings)
    app = open_page(home, "rules", rules_view="Approvals")
    assert f"Approvals · {len(waiting)}" in str(app)
    assert waiting[0].firing.subject in said(app)
    [each for each in app.button if each.label == "Approve"][0].click().run()
    assert len(waiting_approvals(settings)) == len(waiting) - 1
    run_rules(settings, now=datetime.now(UTC))
    done = [each for each in list_firings(open_store(settings), limit=1000) if each.state == "done"]
    assert [each.subject for each in done] == [waiting[0].firing.subject]


def test_what_fired_is_listed_with_its_steps(home: Path, open_page: Open) -> None:
    run_rules(Settings(home=home), now=datetime.now(UTC))
    app = open_page(home, "rules", rules_view="Fired")
    rows = table_with(app, "steps").rows
    assert {row["state"] for row in rows} == {"waiting"}
    assert len(rows) > 10
