"""Entry point of the dashboards: settings, published version, navigation, sidebar and notices.

Pages are in `app_pages/`, and modules that several pages use in `shared/`.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import streamlit as st
from app_pages import exceptions_filters, orders_filters, returns_lines
from orderhouse.access.roles import Role
from orderhouse.access.visitors import Visitor
from orderhouse.charts.colours import follow
from orderhouse.errors import OrderhouseError
from orderhouse.invocation import as_typed_here
from orderhouse.monitoring.alerts import open_alerts
from orderhouse.serve.publishing import load_refusal
from orderhouse.settings import Settings, load_settings
from shared import formats, people, views
from shared.access import DataMissing, NothingPublished, Version, current_number, current_version
from shared.colours import by_theme
from shared.formats import counted, instant
from shared.layout import version_chip
from shared.notices import basis, missing_rates
from streamlit.navigation.page import StreamlitPage

log = logging.getLogger("dashboards")

views.COUNTS.update(
    orders=orders_filters.count, exceptions=exceptions_filters.count, returns=returns_lines.count_of_view
)

# File, title and icon of each page, by section. The name of the file is the name of the page in `access.yaml`.
PAGES = {
    "Operate": [
        ("app_pages/today.py", "Today", ":material/today:"),
        ("app_pages/orders.py", "Orders", ":material/receipt_long:"),
        ("app_pages/exceptions.py", "Exceptions", ":material/report:"),
        ("app_pages/fulfilment.py", "Fulfilment", ":material/warehouse:"),
        ("app_pages/routing.py", "Routing", ":material/alt_route:"),
        ("app_pages/shipments.py", "Shipments", ":material/local_shipping:"),
        ("app_pages/inventory.py", "Inventory", ":material/inventory_2:"),
        ("app_pages/returns.py", "Returns", ":material/assignment_return:"),
        ("app_pages/messages.py", "Messages", ":material/outgoing_mail:"),
    ],
    "Understand": [
        ("app_pages/revenue.py", "Revenue", ":material/trending_up:"),
        ("app_pages/payments.py", "Payments", ":material/payments:"),
        ("app_pages/customers.py", "Customers", ":material/group:"),
        ("app_pages/feedback.py", "Feedback", ":material/reviews:"),
        ("app_pages/kpis.py", "KPIs", ":material/speed:"),
        ("app_pages/forecasts.py", "Forecasts", ":material/query_stats:"),
        ("app_pages/products.py", "Products", ":material/sell:"),
    ],
    "Automate": [
        ("app_pages/rules.py", "Rules", ":material/rule:"),
        ("app_pages/campaigns.py", "Campaigns", ":material/campaign:"),
        ("app_pages/schedules.py", "Schedules", ":material/calendar_clock:"),
    ],
    "Trust": [
        ("app_pages/data_quality.py", "Data quality", ":material/fact_check:"),
        ("app_pages/sql.py", "SQL", ":material/database:"),
        ("app_pages/exports.py", "Exports", ":material/download:"),
        ("app_pages/audit_log.py", "Audit log", ":material/history:"),
        ("app_pages/settings.py", "Settings", ":material/settings:"),
    ],
}
# Tables and charts offer their data as files; a role that may not export is not offered them.
NO_TOOLBAR = "<style>[data-testid='stElementToolbar'] { display: none; }</style>"
# A phone hides the sidebar, so that the page itself shows the version's age and a refused audit there.
# Two tiles fit its width, so that the edge never cuts a number. Buttons and choices are at least 40 pixels high.
NARROW = """<style>
.st-key-narrow_state { display: none; }
@media (max-width: 767px) {
  .st-key-narrow_state { display: flex; }
  .stMainBlockContainer { padding: 3.5rem 1rem 2rem; }
  .stMainBlockContainer h1 { padding: 0; }
  div:has(> .stElementContainer > .stMetric) { flex-wrap: nowrap; overflow-x: auto; scroll-snap-type: x mandatory; }
  div.st-key-wrapped_figures:has(> .stElementContainer > .stMetric) { flex-wrap: wrap; overflow-x: visible; }
  div:has(> .stElementContainer > .stMetric) > .stElementContainer {
    flex: 0 0 calc(50% - 0.75rem); width: auto; scroll-snap-align: start;
  }
  .stMetric, .stMetric * { white-space: normal !important; text-overflow: clip; }
  div:has(> [data-testid='stMetricDelta']) { flex-wrap: wrap; row-gap: 0; }
  [data-testid='stMetricValue'] { font-size: 1.15rem; }
}
[data-testid='stButtonGroup'] [role='radiogroup'] { flex-wrap: wrap; }
[data-testid='stMetricValue'] * { white-space: normal; overflow: visible; overflow-wrap: anywhere; }
button[aria-label^='Help for'] { margin: -12px 0; }
button, [data-baseweb='select'] > div, [data-baseweb='input'] { min-height: 40px; }
</style>"""
# Seconds between two looks at the pointer of the current version, a file of a few bytes.
WATCH_SECONDS = 15
SHOWN_ALERTS = 3


@st.fragment(run_every=WATCH_SECONDS)
def watch(settings: Settings, version: Version) -> None:
    """Update the age of the version, and rerun the page once another version is published or the audit refuses one."""
    version_chip(version)
    refusal = load_refusal(settings)
    refused_since = refusal.since if refusal else None
    is_new = st.session_state.setdefault("refused_since", refused_since) != refused_since
    st.session_state["refused_since"] = refused_since
    if is_new or current_number(settings) not in (version.number, None):
        st.rerun()


def pages_of(role: Role) -> dict[str, list[StreamlitPage]]:
    """Return the pages of a role by section. The address of the app, or of another page, leads to the first of them."""
    found: dict[str, list[StreamlitPage]] = {}
    for section, pages in PAGES.items():
        opened = [st.Page(path, title=title, icon=icon) for path, title, icon in pages if role.opens(Path(path).stem)]
        if opened and not found:
            # Streamlit does not know its default page by name: as the default, Today would not be found as /today.
            opened.insert(
                0, st.Page(partial(lead_to, opened[0]), title="Orderhouse", default=True, visibility="hidden")
            )
        if opened:
            found[section] = opened
    return found


def lead_to(page: StreamlitPage) -> None:
    """Open a page with the choices of the address."""
    st.switch_page(page, query_params={key: st.query_params.get_all(key) for key in st.query_params})


def door(found: Visitor) -> None:
    """Show the sign-in in place of the pages, or that the person has no role here."""
    if found.state == "unknown":
        notice(
            "You have no role here",
            f"You are signed in as `{found.name}`, but this address and its groups have no role in this Orderhouse. "
            "Ask the person who runs it to add you to `access.yaml`.",
        )
        st.button("Sign out", icon=":material/logout:", on_click=st.logout)
        return
    sentence = "Sign in to see the pages of your role."
    notice("Sign in again" if found.state == "expired" else "Sign in", sentence)
    st.button("Sign in", icon=":material/login:", type="primary", on_click=st.login)


def sign_out(person: people.Person) -> None:
    """Record the end of a session, and end it here and at the provider."""
    person.record("sign_out")
    st.logout()


def who(person: people.Person) -> None:
    """Show the person and the role, and the way out."""
    if not person.signs_in:
        st.caption(f"Single-user: {person.name}, on this machine only. Everybody who reaches these pages sees all.")
        return
    st.caption(f"Signed in as {person.name}  \nRole: {person.role.name}")
    st.button("Sign out", icon=":material/logout:", width="stretch", on_click=sign_out, args=(person,))


def sidebar(settings: Settings, version: Version) -> None:
    """Draw the sidebar: logo, version, clock, refusal, alerts and the button that looks for a newer version."""
    st.logo(str(Path(__file__).with_name("logo.svg")), size="large")
    with st.sidebar:
        watch(settings, version)
        st.caption(basis(settings, version))
        refusal_notice(settings, version)
        # Alerts name files and sources of all rows.
        if people.signed_in().role.opens("data_quality"):
            alerts_notice(settings)
        st.button("Refresh", icon=":material/refresh:", width="stretch", help="Look for a newer published version")
        who(people.signed_in())


def refusal_notice(settings: Settings, version: Version) -> None:
    """Show since when and why an older version stays current, if the audit refused the newest build."""
    refusal = load_refusal(settings)
    if refusal is None:
        return
    since = instant(datetime.fromisoformat(refusal.since), version.time_zone)
    sees_reasons = people.signed_in().role.opens("data_quality")
    failures = refusal.failures if sees_reasons else []
    reasons = "\n".join(f"- {failure['name']}: {counted(failure['failed_rows'], 'row')}" for failure in failures)
    st.warning(
        f"The audit has refused newer data since {since}. This is the last version that passed.\n\n{reasons}",
        icon=":material/gpp_maybe:",
    )


def alerts_notice(settings: Settings) -> None:
    """Show the alerts that hold. The refusal of the audit has a notice of its own."""
    alerts = [alert for alert in open_alerts(settings) if alert.kind != "audit_refused"]
    if alerts:
        lines = "\n".join(f"- {as_typed_here(alert.message)}" for alert in alerts[:SHOWN_ALERTS])
        more = f"\n- {len(alerts) - SHOWN_ALERTS} more" if len(alerts) > SHOWN_ALERTS else ""
        st.error(f"Needs a person:\n\n{lines}{more}", icon=":material/notifications_active:")


def notice(title: str, sentence: str, command: str | None = None) -> None:
    """Show a title, a sentence and a command in place of a page."""
    st.title(title, anchor=False)
    st.markdown(as_typed_here(sentence))
    if command:
        st.code(as_typed_here(command), language="bash")


def main() -> None:
    """Draw the page that the reader asked for, or explain why it cannot be drawn."""
    # Streamlit fetches a :material: icon of the page itself from a font server, unlike the icons in the page.
    st.set_page_config(page_title="Orderhouse", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
    try:
        settings = load_settings()
        formats.use_locale(settings.locale)
        follow(by_theme)
        access, found = people.visitor(settings)
        if access.is_oidc and found.state in ("known", "unknown"):
            people.record_arrival(settings, found)
    except OrderhouseError as error:
        st.navigation([st.Page(lambda: None, title="Orderhouse")], position="hidden")
        notice("The settings cannot be read", str(error))
        return
    pages = pages_of(found.role) if found.role else {}
    if found.role is None or not pages:
        st.navigation([st.Page(lambda: None, title="Orderhouse")], position="hidden")
        door(found if found.role is None else replace(found, state="unknown"))
        return
    person = people.person_of(settings, access, found, found.role)
    st.session_state["person"] = person
    page = st.navigation(pages, expanded=True)
    if page.visibility == "hidden":
        page.run()
    if not found.role.exports:
        st.html(NO_TOOLBAR)
    draw(page, person)


def draw(page: StreamlitPage, person: people.Person) -> None:
    """Draw a page of a person, or explain why it cannot be drawn."""
    settings = person.settings
    try:
        version = current_version(settings, person.role)
        st.session_state["version"] = version
        sidebar(settings, version)
        st.html(NARROW)
        with st.container(key="narrow_state", gap="small"):
            version_chip(version)
            refusal_notice(settings, version)
        person.record_page(page.url_path or page.title.lower().replace(" ", "_"))
        missing_rates(version)
        page.run()
    except NothingPublished:
        notice(
            "Nothing is published yet",
            f"The dashboards need a version that was built, audited and published in `{settings.home}`.",
            "orderhouse run",
        )
        st.button("Look again", icon=":material/refresh:")
    except OrderhouseError as error:
        notice("The settings cannot be read", str(error))
    except DataMissing as missing:
        log.warning("%s: %s", page.title, missing)
        if not person.role.sees_everything:
            notice(
                "Your role does not see this page's data",
                f"The role {person.role.name} does not have all tables and columns of this page.",
            )
            return
        notice(
            "This page needs a newer version",
            "The published version was built by another release and lacks the data of this page. "
            "Build and publish a new version:",
            "orderhouse run",
        )
    except Exception:
        log.exception("page %s failed", page.title)
        notice(
            "This page could not be shown",
            "An unexpected error occurred. The log of the dashboards has the details. "
            "Other pages are not affected, and no data was changed.",
        )
        st.button("Try again", icon=":material/refresh:")


main()
