"""One day of a shop in Chromium: people sign in, each with a role, and do their jobs; a run publishes what they did.

The tests are the jobs, in the order of the day, on one home, and then what the last run published. One that fails
takes those after it along.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from orderhouse.operations.audit_log import entries, verify
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.browser import one_day
from tests.browser.conftest import serving, wait_for_element, wait_for_text, wait_until_drawn
from tests.browser.grids import open_row, wait_for_cell
from tests.browser.one_day import BAD, HELD, LATE, NEWCOMER, PEOPLE, SENT, SHORT, Day
from tests.browser.pressing import fill, go, pick, press, press_key, slide, tick, write
from tests.browser.signing_in import pages_with_sign_in, provider_of, sign_in, sign_in_as
from tests.integration.running import run_orderhouse
from tests.integration.small_feeds import Shop, line_of, order_of
from tests.messages.sinks import MailSink

PORTAL = [str(Path(sys.executable).with_name("orderhouse")), "portal", "--port", "{port}"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a shop whose files have arrived, before any run."""
    shop = Shop(tmp_path_factory.mktemp("shop"), one_day.SOURCES, one_day.AS_OF)
    one_day.deliver_files(shop)
    return shop


@pytest.fixture(scope="module")
def answers(shop: Shop) -> list[str]:
    """Send the webhooks of the day, run, and return the answers of the intake."""
    answers = one_day.send_webhooks(shop)
    shop.run()
    return answers


@pytest.fixture(scope="module")
def day(shop: Shop, answers: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Serve the pages and the portal, and take mails."""
    folder = tmp_path_factory.mktemp
    (shop.home / "access.yaml").write_text(one_day.ACCESS, encoding="utf-8")
    everybody = [{"sub": email, "email": email} for email in (*PEOPLE.values(), NEWCOMER)]
    with (
        MailSink() as mails,
        provider_of(everybody, folder("provider")) as provider,
        pages_with_sign_in(shop.home, provider, folder("dashboards")) as (settings, pages),
        serving(PORTAL, "/health", shop.home, folder("portal")) as portal,
    ):
        (shop.home / "messages.yaml").write_text(one_day.messages(mails.server), encoding="utf-8")
        yield Day(shop, settings, pages, portal, mails)


def enter(browser: webdriver.Chrome, day: Day, role: str) -> None:
    """Sign in as the person who has a role."""
    sign_in_as(browser, day.pages, PEOPLE[role], role)


def test_orders_arrive_by_webhook_and_a_run_takes_them_in(shop: Shop, answers: list[str]) -> None:
    assert answers == ["landed"] * 4
    assert order_of(shop, str(HELD), "source, order_status, payment_status") == ("web_shop", "confirmed", "paid")
    assert order_of(shop, str(SENT), "delivery_status, payment_status") == ("delivered", "paid")
    at_empty_shelf = line_of(shop, LATE, "warehouse_id, allocated_quantity, backordered_quantity")
    assert at_empty_shelf == ("west", 0, 2)


def test_agent_finds_an_order_by_its_tracking_id_and_holds_it(chromium: webdriver.Chrome, day: Day) -> None:
    enter(chromium, day, "agent")
    wait_until_drawn(chromium, "Orders")
    wait_for_element(chromium, ".st-key-q input").send_keys(day.tracking_id(str(HELD)) + Keys.ENTER)
    wait_until_drawn(chromium, f"Order {HELD}")
    press_key(chromium, "act_hold")
    write(chromium, "text_hold", "The customer asks for another colour")
    press_key(chromium, "send_hold")
    wait_for_text(chromium, "Pending until the next run")
    day.shop.run()
    wait_for_text(chromium, "Order: On hold")


def test_operations_releases_routes_around_an_empty_shelf_and_works_the_late_list(
    chromium: webdriver.Chrome, day: Day
) -> None:
    enter(chromium, day, "operator")
    go(chromium, "Orders")
    open_row(chromium, str(HELD))
    wait_until_drawn(chromium, f"Order {HELD}")
    press_key(chromium, "act_release")
    press_key(chromium, "send_release")
    wait_for_text(chromium, "Pending until the next run")
    go(chromium, "Fulfilment")
    open_row(chromium, LATE)
    wait_until_drawn(chromium, f"Order {LATE}")
    press_key(chromium, "act_route")
    pick(chromium, "Warehouse", "North")
    press_key(chromium, "send_route")
    wait_for_text(chromium, "Pending until the next run")
    go(chromium, "Exceptions")
    open_row(chromium, "Late")
    wait_until_drawn(chromium, f"Late: {LATE}")
    press_key(chromium, "act_assign")
    press_key(chromium, "send_assign")
    wait_for_text(chromium, "Pending until the next run")
    press(chromium, "All exceptions")
    open_row(chromium, "Paid not shipped")
    wait_until_drawn(chromium, f"Paid not shipped: {LATE}")
    press_key(chromium, "act_snooze")
    press_key(chromium, "send_snooze")
    wait_for_text(chromium, "Pending until the next run")


def test_finance_closes_a_month_and_explains_a_break(chromium: webdriver.Chrome, day: Day) -> None:
    enter(chromium, day, "finance")
    go(chromium, "Payments")
    pick(chromium, "Orders with a break", "Underpaid")
    open_row(chromium, SHORT)
    wait_until_drawn(chromium, f"Order {SHORT}")
    press_key(chromium, "act_note")
    write(chromium, "text_note", "The bank kept 10 euros of the transfer")
    press_key(chromium, "send_note")
    wait_for_text(chromium, "Pending until the next run")
    go(chromium, "Payments")
    press(chromium, "Closed months")
    pick(chromium, "Month to close", "2026-03")
    tick(chromium, "I have checked the figures of this month.")
    press(chromium, "Close the month")
    wait_for_text(chromium, "2026-03 was closed at")
    wait_for_text(chromium, f"Pending until the next run: Close month 2026-03 by {PEOPLE['finance']}")


def test_marketing_starts_a_campaign_with_a_hold_out(chromium: webdriver.Chrome, day: Day) -> None:
    enter(chromium, day, "marketing")
    go(chromium, "Campaigns")
    press(chromium, "New campaign")
    fill(chromium, "Title", "Spring sale")
    fill(chromium, "Name", "spring")
    slide(chromium, "Held out (%)", 6)
    wait_for_text(chromium, "hold_out: 50%")
    press(chromium, "Save")
    press(chromium, "Start now")
    wait_for_text(chromium, f"{one_day.CUSTOMERS} members frozen. It has results after the next run.")


def test_customer_follows_the_parcel_and_asks_for_a_return(chromium: webdriver.Chrome, day: Day) -> None:
    chromium.get(f"{day.portal}/track/{day.tracking_id(str(SENT))}?lang=en")
    wait_for_text(chromium, "2 of 2 items delivered")
    chromium.find_element(By.LINK_TEXT, "Return items").click()
    units = chromium.find_element(By.ID, "quantity-1")
    units.clear()
    units.send_keys("1")
    Select(chromium.find_element(By.ID, "reason")).select_by_value("damaged")
    chromium.find_element(By.ID, "proof").send_keys(one_day.POSTCODE)
    chromium.find_element(By.CSS_SELECTOR, "form button").click()
    wait_for_text(chromium, "asked for, awaiting approval")


def test_admin_repairs_a_row_and_gives_a_role(chromium: webdriver.Chrome, day: Day) -> None:
    sign_in(chromium, day.pages, NEWCOMER)
    wait_until_drawn(chromium, "You have no role here")
    enter(chromium, day, "admin")
    go(chromium, "Data quality")
    open_row(chromium, "Open")
    box = wait_for_element(chromium, ".st-key-repair_currency input")
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys("EUR\t")
    fill(chromium, "Why?", "The till writes EURO")
    press_key(chromium, "repair_form")
    wait_for_text(chromium, "it is in its feed")
    go(chromium, "Settings")
    press(chromium, "Access")
    fill(chromium, "E-mail address", NEWCOMER)
    pick(chromium, "Role", "agent")
    press(chromium, "Give the role")
    wait_for_cell(chromium, NEWCOMER)
    sign_in_as(chromium, day.pages, NEWCOMER, "agent")


@pytest.fixture(scope="module")
def evening(day: Day) -> Shop:
    """Run once more, deliver what is due, and return the shop."""
    day.shop.run()
    run_orderhouse("messages", "send", home=day.shop.home)
    return day.shop


def test_every_order_is_as_its_people_left_it(evening: Shop) -> None:
    assert order_of(evening, str(HELD), "order_status") == ("confirmed",)
    routed = line_of(evening, LATE, "warehouse_id, allocated_quantity, backordered_quantity")
    assert routed == ("north", 2, 0)
    # The repaired row is an order, and what waited for it has found it.
    assert order_of(evening, BAD, "currency, payment_status") == ("EUR", "paid")
    repairs = evening.published("select state, repair_made_by, repair_why from quality.quarantine")
    assert repairs == [("repaired", PEOPLE["admin"], "The till writes EURO")]
    codes = evening.published("select code from ops.exceptions where order_id = ?", BAD)
    assert codes == [("paid_not_shipped",)]


def test_everything_that_people_asked_for_is_accepted_under_their_names(evening: Shop) -> None:
    done = evening.published(
        "select is_accepted, kind, actor, coalesce(order_id, subject_id) from ops.actions order by occurred_at"
    )
    assert done == [
        (True, "hold", PEOPLE["agent"], str(HELD)),
        (True, "release", PEOPLE["operator"], str(HELD)),
        (True, "route", PEOPLE["operator"], LATE),
        (True, "assign", PEOPLE["operator"], LATE),
        (True, "snooze", PEOPLE["operator"], LATE),
        (True, "note", PEOPLE["finance"], SHORT),
        (True, "close_month", PEOPLE["finance"], "2026-03"),
        (True, "request_return", "customer", str(SENT)),
    ]


def test_worklist_shows_who_works_on_what_and_the_request_of_the_customer(evening: Shop) -> None:
    worked = evening.published(
        "select code, subject_id, assignee, is_in_worklist from ops.exceptions "
        "where order_id = ? or code = 'return_requested' order by all",
        LATE,
    )
    assert worked == [
        ("late", LATE, PEOPLE["operator"], True),
        ("paid_not_shipped", LATE, None, False),
        ("return_requested", str(SENT), None, True),
    ]


def test_month_is_closed_and_what_was_repaired_later_restates_it(evening: Shop) -> None:
    months = evening.published("select month, actor, role, is_frozen from marts.fct_closed_months")
    assert months == [("2026-03", PEOPLE["finance"], "finance", True)]
    restated = evening.published(
        "select distinct subject_id, closed_amount, current_amount from marts.fct_restatements "
        "where figure = 'revenue' and measure = 'gross_sales' and recognition_clock = 'placed'"
    )
    assert restated == [(BAD, 0, 60)]


def test_treated_members_get_the_mail_and_held_out_ones_do_not(day: Day, evening: Shop) -> None:
    arms: dict[str, set[str]] = {}
    members = evening.published("select arm, customer_key from marts.fct_campaign_members where campaign_id = 'spring'")
    for arm, key in members:
        arms.setdefault(arm, set()).add(f"{key.removeprefix('c:')}@example.org")
    assert len(members) == one_day.CUSTOMERS and len(arms["treated"]) > 1 and len(arms["held_out"]) > 1
    told = [
        recipient for recipients, mail in day.mails.got if mail["Subject"] == "Spring sale" for recipient in recipients
    ]
    assert sorted(told) == sorted(arms["treated"])


def test_pages_and_portal_show_the_evening(chromium: webdriver.Chrome, day: Day, evening: Shop) -> None:
    chromium.get(f"{day.pages}/exceptions")
    wait_for_cell(chromium, "Return requested")
    open_row(chromium, str(SENT))
    wait_for_text(chromium, "The customer asks to return 1 unit of line 1")
    chromium.get(f"{day.portal}/track/{day.tracking_id(LATE)}?lang=en")
    wait_for_text(chromium, "We are late: this order was due by")


def test_audit_log_names_each_person(day: Day) -> None:
    ((repaired,),) = day.shop.published("select quarantine_id from quality.quarantine")
    done = {(entry.actor, entry.role, entry.action, entry.subject) for entry in entries(day.settings)}
    expected = [
        ("agent", "act", f"hold {HELD}"),
        ("operator", "act", f"release {HELD}"),
        ("operator", "act", f"route {LATE}"),
        ("finance", "act", f"note {SHORT}"),
        ("finance", "close_month", "2026-03"),
        ("marketing", "save_campaign", "campaign spring"),
        ("marketing", "start_campaign", "campaign spring"),
        ("admin", "quarantine_repair", str(repaired)),
    ]
    assert {(PEOPLE[role], role, action, subject) for role, action, subject in expected} <= done
    assert {(NEWCOMER, "", "refused", ""), (NEWCOMER, "agent", "sign_in", "")} <= done
    worked = {(actor, subject.split()[0]) for actor, _, action, subject in done if action == "act"}
    assert {(PEOPLE["operator"], "assign"), (PEOPLE["operator"], "snooze")} <= worked
    assert verify(day.settings).problems == []
