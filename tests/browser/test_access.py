"""Pages of each role in Chromium: sign-in at a provider on this machine, pages, rows, sign-out, and Dagster's door."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from orderhouse.actions.landing import landed_names
from orderhouse.operations.audit_log import entries, verify
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse_dagster.serving import server_command
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.conftest import serving, wait_for_element, wait_for_text, wait_until_drawn, waiting
from tests.browser.pressing import click, press
from tests.browser.signing_in import pages_with_sign_in, provider_of, sign_in, sign_in_as
from tests.dashboards.published_home import publish

ROLES = """
mode: oidc
roles:
  store:
    pages: [orders, exports]
    tables: all
    rows: {channel: [store]}
people:
  viewer@example.com: viewer
  agent@example.com: agent
  operator@example.com: operator
  marketing@example.com: marketing
  admin@example.com: admin
  store@example.com: store
groups:
  money: finance
"""
TITLES = {
    "viewer": [
        "Today", "Orders", "Exceptions", "Fulfilment", "Routing", "Shipments", "Inventory", "Returns", "KPIs",
        "Forecasts",
    ],
    "agent": ["Orders", "Exceptions", "Fulfilment", "Shipments", "Returns", "Feedback"],
    "operator": [
        "Today", "Orders", "Exceptions", "Fulfilment", "Routing", "Shipments", "Inventory", "Returns", "Messages",
        "Customers", "Feedback", "KPIs", "Forecasts", "Products", "Rules", "Schedules", "Data quality", "SQL",
        "Exports", "Settings",
    ],
    "finance": [
        "Today", "Orders", "Exceptions", "Returns", "Revenue", "Payments", "KPIs", "Forecasts", "Products",
        "Rules", "Schedules", "Data quality", "SQL", "Exports",
    ],
    "marketing": ["Today", "Customers", "Feedback", "KPIs", "Products", "Campaigns", "SQL", "Exports"],
    "admin": [
        "Today", "Orders", "Exceptions", "Fulfilment", "Routing", "Shipments", "Inventory", "Returns", "Messages",
        "Revenue", "Payments", "Customers", "Feedback", "KPIs", "Forecasts", "Products", "Rules", "Campaigns",
        "Schedules", "Data quality",
        "SQL", "Exports", "Audit log", "Settings",
    ],
    "store": ["Orders", "Exports"],
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Servers of one home where people sign in."""

    settings: Settings
    dashboards: str


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a provider of identities on the loopback interface, and return its address."""
    people = [{"sub": f"{role}@example.com", "email": f"{role}@example.com"} for role in TITLES]
    people.append({"sub": "money", "email": "cfo@example.com", "groups": ["money"]})
    people.append({"sub": "eve", "email": "eve@example.com"})
    with provider_of(people, tmp_path_factory.mktemp("provider")) as url:
        yield url


@pytest.fixture(scope="module")
def place(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Publish a version, and serve the dashboards in mode oidc."""
    home = tmp_path_factory.mktemp("home")
    publish(home, orders=200)
    (home / "access.yaml").write_text(ROLES, encoding="utf-8")
    with pages_with_sign_in(home, provider, tmp_path_factory.mktemp("dashboards")) as (settings, url):
        yield Place(settings, url)


def pages(browser: webdriver.Chrome) -> list[str]:
    """Return the titles in the navigation, without the names of the icons."""
    return [
        link.text.splitlines()[-1] for link in browser.find_elements(By.CSS_SELECTOR, "[data-testid=stSidebarNavLink]")
    ]


@pytest.mark.parametrize("role", TITLES)
def test_role_has_exactly_its_pages_after_the_sign_in(chromium: webdriver.Chrome, place: Place, role: str) -> None:
    sign_in(chromium, place.dashboards, "money" if role == "finance" else f"{role}@example.com")
    wait_for_text(chromium, f"Role: {role}")
    wait_until_drawn(chromium, TITLES[role][0])
    assert pages(chromium) == TITLES[role]


def test_address_of_another_page_leads_to_the_pages_of_the_role(chromium: webdriver.Chrome, place: Place) -> None:
    sign_in_as(chromium, place.dashboards, "agent@example.com", "agent")
    for page in ("revenue", "audit_log", "exports"):
        chromium.get(f"{place.dashboards}/{page}")
        wait_until_drawn(chromium, "Orders")
    assert not chromium.find_elements(By.CSS_SELECTOR, "[data-testid=stDownloadButton]")


def test_role_sees_its_rows_and_is_offered_no_export(chromium: webdriver.Chrome, place: Place) -> None:
    sign_in_as(chromium, place.dashboards, "store@example.com", "store")
    chromium.get(f"{place.dashboards}/exports?table=ops.orders")
    wait_until_drawn(chromium, "Exports")
    wait_for_text(chromium, "may look at tables but not export them")
    with open_reader(place.settings) as connection:
        query = "select count(*) from ops.orders where channel = 'store'"
        ((rows,),) = connection.execute(query).fetchall()
    assert str(rows) in [each.text for each in chromium.find_elements(By.CSS_SELECTOR, "[data-testid=stMetricValue]")]
    assert not chromium.find_elements(By.CSS_SELECTOR, "[data-testid=stDownloadButton]")


def test_revealing_asks_for_a_reason_and_is_recorded(chromium: webdriver.Chrome, place: Place) -> None:
    query = "select order_id, customer_token from ops.orders where customer_token is not null order by all limit 1"
    with open_reader(place.settings) as connection:
        ((order, token),) = connection.execute(query).fetchall()
    sign_in_as(chromium, place.dashboards, "agent@example.com", "agent")
    chromium.get(f"{place.dashboards}/orders?order={order}")
    wait_until_drawn(chromium, f"Order {order}")
    press(chromium, "Reveal personal data")
    wait_for_text(chromium, "are kept in the audit log")
    click(chromium, wait_for_element(chromium, "[role=dialog] [data-testid=stBaseButton-primary]"))
    wait_for_text(chromium, "State the reason")
    assert "reveal" not in {entry.action for entry in entries(place.settings)}
    wait_for_element(chromium, "[role=dialog] input").send_keys("call about a damaged parcel\t")
    waiting(chromium).until(lambda found: "State the reason" not in found.find_element(By.TAG_NAME, "body").text)
    click(chromium, wait_for_element(chromium, "[role=dialog] [data-testid=stBaseButton-primary]"))
    wait_for_text(chromium, "The vault has no personal data of this customer.")
    revealed = [entry for entry in entries(place.settings) if entry.action == "reveal" and entry.subject == token]
    assert {(entry.actor, entry.detail) for entry in revealed} == {
        ("agent@example.com", '{"why": "call about a damaged parcel"}')
    }


def test_viewer_reads_the_proposals_of_routing_and_is_told_why_none_can_be_accepted(
    chromium: webdriver.Chrome, place: Place
) -> None:
    sign_in_as(chromium, place.dashboards, "viewer@example.com", "viewer")
    chromium.get(f"{place.dashboards}/routing")
    wait_until_drawn(chromium, "Routing")
    wait_for_text(chromium, "Tick rows to act on them")
    button = waiting(chromium).until(lambda found: found.find_element(By.CSS_SELECTOR, ".st-key-act_route button"))
    assert button.text.endswith("Accept") and button.get_attribute("disabled")
    chromium.get(f"{place.dashboards}/routing?routing_view=Simulation")
    wait_for_text(chromium, "Your role, viewer, does not see them all.")


def test_viewer_who_forces_a_button_lands_no_action(chromium: webdriver.Chrome, place: Place) -> None:
    with open_reader(place.settings) as connection:
        ((order,),) = connection.execute(
            "select min(order_id) from ops.orders where stage = 'ready_to_ship'"
        ).fetchall()
    sign_in_as(chromium, place.dashboards, "viewer@example.com", "viewer")
    chromium.get(f"{place.dashboards}/orders?order={order}")
    wait_until_drawn(chromium, f"Order {order}")
    button = waiting(chromium).until(lambda found: found.find_element(By.CSS_SELECTOR, ".st-key-act_hold button"))
    assert button.get_attribute("disabled")
    chromium.execute_script("arguments[0].disabled = false; arguments[0].click()", button)
    wait_until_drawn(chromium, f"Order {order}")
    assert not chromium.find_elements(By.CSS_SELECTOR, ".st-key-send_hold")
    assert landed_names(place.settings) == []


def test_sign_out_closes_the_pages(chromium: webdriver.Chrome, place: Place) -> None:
    sign_in_as(chromium, place.dashboards, "viewer@example.com", "viewer")
    wait_until_drawn(chromium, "Today")
    press(chromium, "Sign out")
    wait_for_text(chromium, "End session")  # the provider asks too
    chromium.get(place.dashboards)
    wait_for_text(chromium, "Sign in to see the pages of your role.")
    chromium.get(f"{place.dashboards}/orders")
    wait_until_drawn(chromium, "Sign in")


def test_unknown_person_gets_a_page_that_says_so(chromium: webdriver.Chrome, place: Place) -> None:
    sign_in(chromium, place.dashboards, "eve")
    wait_until_drawn(chromium, "You have no role here")
    wait_for_text(chromium, "eve@example.com")
    assert pages(chromium) == []


def test_dagster_is_refused_without_a_sign_in_and_served_to_the_admin(
    chromium: webdriver.Chrome, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    command, variables = server_command(place.settings, 0)
    command[command.index("0")] = "{port}"
    variables["ORDERHOUSE_OIDC_SECRETS"] = str(place.settings.oidc_secrets)
    folder = tmp_path_factory.mktemp("dagster")
    with serving(command, "/server_info", place.settings.home, folder, variables, refuses=401) as dagster:
        for path in ("/", "/server_info", "/graphql"):
            with pytest.raises(urllib.error.HTTPError) as refusal:
                urllib.request.urlopen(f"{dagster}{path}", timeout=30)  # noqa: S310 - loopback
            refusal.value.close()
            assert refusal.value.code in (401, 405)
        sign_in_as(chromium, place.dashboards, "agent@example.com", "agent")
        chromium.get(f"{dagster}/server_info")
        wait_for_text(chromium, "does not have the right")
        sign_in_as(chromium, place.dashboards, "admin@example.com", "admin")
        chromium.get(f"{dagster}/server_info")
        wait_for_text(chromium, "dagster_version")


def test_sign_ins_pages_and_refusals_are_in_the_audit_log(place: Place) -> None:
    done = {(entry.actor, entry.action, entry.subject) for entry in entries(place.settings)}
    assert {
        ("store@example.com", "sign_in", ""),
        ("store@example.com", "page", "exports"),
        ("eve@example.com", "refused", ""),
        ("viewer@example.com", "sign_out", ""),
    } <= done
    assert verify(place.settings).problems == []
