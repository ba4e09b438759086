"""Entry point of the dashboards: settings, published version, navigation, sidebar and notices.

Pages are in `app_pages/`, and modules that several pages use in `shared/`.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.serve.publishing import load_refusal
from orderhouse.settings import Settings, load_settings
from shared.access import DataMissing, NothingPublished, Version, current_number, current_version
from shared.formats import instant
from shared.layout import version_chip

log = logging.getLogger("dashboards")

PAGES = {
    "Operate": [
        st.Page("app_pages/overview.py", title="Overview", icon=":material/dashboard:", default=True),
        st.Page("app_pages/orders.py", title="Orders", icon=":material/receipt_long:"),
        st.Page("app_pages/exceptions.py", title="Exceptions", icon=":material/report:"),
        st.Page("app_pages/fulfilment.py", title="Fulfilment", icon=":material/local_shipping:"),
        st.Page("app_pages/inventory.py", title="Inventory", icon=":material/inventory_2:"),
    ],
    "Understand": [
        st.Page("app_pages/revenue.py", title="Revenue", icon=":material/payments:"),
        st.Page("app_pages/customers.py", title="Customers", icon=":material/group:"),
    ],
    "Trust": [
        st.Page("app_pages/data_quality.py", title="Data quality", icon=":material/fact_check:"),
        st.Page("app_pages/exports.py", title="Exports", icon=":material/download:"),
    ],
}
# Seconds between two looks at the pointer of the current version, a file of a few bytes.
WATCH_SECONDS = 15


@st.fragment(run_every=WATCH_SECONDS)
def watch(settings: Settings, version: Version) -> None:
    """Update the age of the version, and rerun the page once another version is published."""
    version_chip(version)
    if current_number(settings) not in (version.number, None):
        st.rerun()


def sidebar(settings: Settings, version: Version) -> None:
    """Draw the sidebar: logo, version, clock, refusal and the button that looks for a newer version."""
    st.logo(str(Path(__file__).with_name("logo.svg")), size="large")
    with st.sidebar:
        watch(settings, version)
        st.caption(
            f"Clock {instant(version.as_of, version.time_zone)}  \n"
            f"Times in {version.time_zone}  \n"
            f"Reports in {version.currency} · batch {version.batch_id}"
        )
        refusal_notice(settings, version)
        st.button("Refresh", icon=":material/refresh:", width="stretch", help="Look for a newer published version")


def refusal_notice(settings: Settings, version: Version) -> None:
    """Show since when and why an older version stays current, if the audit refused the newest build."""
    refusal = load_refusal(settings)
    if refusal is None:
        return
    since = instant(datetime.fromisoformat(refusal.since), version.time_zone)
    reasons = "\n".join(f"- {failure['name']}: {failure['failed_rows']} rows" for failure in refusal.failures)
    st.warning(
        f"The audit has refused newer data since {since}. This is the last version that passed.\n\n{reasons}",
        icon=":material/gpp_maybe:",
    )


def notice(title: str, sentence: str, command: str | None = None) -> None:
    """Show a title, a sentence and a command in place of a page."""
    st.title(title, anchor=False)
    st.markdown(sentence)
    if command:
        st.code(command, language="bash")


def main() -> None:
    """Draw the page that the reader asked for, or explain why it cannot be drawn."""
    # Streamlit fetches a :material: icon of the page itself from a font server, unlike the icons in the page.
    st.set_page_config(page_title="Orderhouse", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
    page = st.navigation(PAGES, expanded=True)
    try:
        settings = load_settings()
        version = current_version(settings)
        st.session_state["version"] = version
        sidebar(settings, version)
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
