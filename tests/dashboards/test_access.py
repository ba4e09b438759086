"""Pages of roles: navigation, rows, columns, exports, revealing, and the record of what people did."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from orderhouse.monitoring.alerts import review_alerts
from orderhouse.monitoring.conditions import Condition
from orderhouse.operations.audit_log import entries
from orderhouse.settings import Settings
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import Open, said, tables_of
from tests.dashboards.published_home import publish

ROLES = """
mode: oidc
roles:
  store:
    pages: [orders, payments, exports]
    tables: all
    rows: {channel: [store]}
    hidden_columns: [due_amount]
  clerk:
    pages: [exports]
    tables: [marts.as_of, ops.orders]
    columns: {ops.orders: [order_id, stage]}
    exports: yes
people:
  store@example.com: store
  clerk@example.com: clerk
  agent@example.com: agent
  boss@example.com: admin
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish a version in a home where people sign in."""
    folder = tmp_path_factory.mktemp("home")
    publish(folder, orders=200)
    (folder / "access.yaml").write_text(ROLES, encoding="utf-8")
    return folder


def _titles(app: AppTest) -> list[str]:
    return [title.value for title in app.title]


def _actions(home: Path) -> list[tuple[str, str, str]]:
    return [(entry.actor, entry.action, entry.subject) for entry in entries(Settings(home=home))]


def test_nobody_sees_a_page_before_the_sign_in(home: Path, open_page: Open, sign_in: Any) -> None:
    sign_in(None)
    app = open_page(home, "payments")
    assert _titles(app) == ["Sign in"]
    assert "Version 1" not in said(app)


def test_unknown_person_is_told_so_and_recorded(home: Path, open_page: Open, sign_in: Any) -> None:
    sign_in("eve@example.com")
    app = open_page(home)
    assert _titles(app) == ["You have no role here"]
    assert "eve@example.com" in said(app)
    assert ("eve@example.com", "refused", "") in _actions(home)


@pytest.mark.parametrize(
    ("claims", "title"),
    [
        ({"iat": time.time() - 13 * 3600}, "Sign in again"),
        ({"iat": None}, "Sign in again"),
        ({"email_verified": False}, "You have no role here"),
    ],
    ids=["old", "no instant", "address not verified"],
)
def test_sign_in_that_is_old_or_not_verified_counts_for_nothing(
    home: Path, open_page: Open, sign_in: Any, claims: dict[str, Any], title: str
) -> None:
    sign_in("boss@example.com", **claims)
    assert _titles(open_page(home)) == [title]


def test_role_sees_its_first_page_and_is_recorded_there(home: Path, open_page: Open, sign_in: Any) -> None:
    sign_in("agent@example.com")
    app = open_page(home)
    assert _titles(app) == ["Orders"]
    assert "Signed in as agent@example.com" in said(app)
    assert "Role: agent" in said(app)
    assert _actions(home)[-2:] == [("agent@example.com", "sign_in", ""), ("agent@example.com", "page", "orders")]


def test_rows_and_columns_of_a_page_are_those_of_the_role(home: Path, open_page: Open, sign_in: Any) -> None:
    sign_in("clerk@example.com")
    app = open_page(home, "exports", table="ops.orders")
    assert [box.options for box in app.selectbox if box.label == "Table"] == [["marts.as_of", "ops.orders"]]
    assert list(app.dataframe[0].value.columns) == ["order_id", "stage"]


def test_role_without_exports_has_no_download_and_sees_its_rows(home: Path, open_page: Open, sign_in: Any) -> None:
    sign_in("store@example.com")
    app = open_page(home, "exports", table="ops.orders")
    assert "may look at tables but not export them" in said(app)
    assert "orderhouse export" not in said(app)
    assert set(app.dataframe[0].value["channel"]) == {"store"}
    assert "due_amount" not in app.dataframe[0].value.columns


def test_part_of_a_page_without_the_tables_of_the_role_says_so(home: Path, open_page: Open, sign_in: Any) -> None:
    sign_in("store@example.com")
    app = open_page(home, "payments", payments_view="Payouts")
    assert not app.exception
    assert "does not see" in said(app)
    assert "orderhouse run" not in said(app)


def test_reveal_button_is_there_for_roles_with_the_right_alone(home: Path, open_page: Open, sign_in: Any) -> None:
    for person, offered in (("agent@example.com", True), ("store@example.com", False)):
        sign_in(person)
        app = open_page(home, "orders", order=_an_order_of_the_store(home))
        assert ("Reveal personal data" in [button.label for button in app.button]) is offered


def _an_order_of_the_store(home: Path) -> str:
    from orderhouse.serve.reading import open_reader

    with open_reader(Settings(home=home)) as connection:
        query = "select min(order_id) from ops.orders where channel = 'store' and customer_token is not null"
        return str(connection.execute(query).fetchall()[0][0])


def test_audit_log_page_lists_filters_and_verifies(home: Path, open_page: Open, sign_in: Any) -> None:
    sign_in("boss@example.com")
    app = open_page(home, "audit_log", actor="eve")
    assert _titles(app) == ["Audit log"]
    assert {row["actor"] for row in tables_of(app)[0].rows} == {"eve@example.com"}
    app.button[0].click().run()
    assert "every hash is right" in said(app)


def test_alerts_are_shown_to_roles_with_data_quality_alone(home: Path, open_page: Open, sign_in: Any) -> None:
    overdue = Condition("feed_overdue", "shop orders", "high", "orders of the web shop are overdue")
    review_alerts(Settings(home=home), find=lambda settings, now: [overdue])
    for person, shown in (("boss@example.com", True), ("agent@example.com", False)):
        sign_in(person)
        assert ("are overdue" in said(open_page(home))) is shown
    review_alerts(Settings(home=home), find=lambda settings, now: [])


def test_without_access_file_the_page_says_single_user(published: Path, open_page: Open) -> None:
    app = open_page(published)
    assert "Single-user: " in said(app)
    assert _titles(app) == ["Today"]


def test_mistake_in_the_access_file_closes_the_pages(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, orders=50)
    (tmp_path / "access.yaml").write_text("mode: oicd\n", encoding="utf-8")
    app = open_page(tmp_path)
    assert "did you mean 'oidc'" in said(app)
    assert "Version 1" not in said(app)


def test_an_admin_gives_a_role_on_the_page_and_nobody_else_is_offered_it(
    home: Path, open_page: Open, sign_in: Any
) -> None:
    sign_in("boss@example.com")
    app = open_page(home, "settings", settings_view="Access")
    app.text_input[0].set_value("New@example.com")
    next(each for each in app.selectbox if each.label == "Role").set_value("agent")
    next(each for each in app.button if each.label == "Give the role").click().run()
    assert not app.exception and not app.error
    assert ("boss@example.com", "give_role", "person New@example.com") in _actions(home)
    assert "New@example.com: agent" in (home / "access.yaml").read_text()
    sign_in("new@example.com")
    assert _titles(open_page(home, "orders")) == ["Orders"]
