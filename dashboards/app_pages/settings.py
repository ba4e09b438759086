"""Settings page: versions and clock, sources with their check, new sources, runs, and access."""

from __future__ import annotations

import streamlit as st
from orderhouse.errors import OrderhouseError
from shared import address
from shared.layout import section, start
from shared.people import signed_in

from app_pages import (
    settings_access,
    settings_new_source,
    settings_runs,
    settings_schedules,
    settings_sources,
    settings_versions,
)

VIEWS = ("Versions", "Sources", "Runs", "Access")

version = start("Settings", "How is this Orderhouse set up? Settings are files; this page shows them and adds sources.")
view = address.segment("settings_view", "View", VIEWS, "Versions", written=str, hides_heading=True)
try:
    if view == "Sources":
        with section("Where do the records come from?", "Sources of `sources.yaml`, with what was last received."):
            settings_sources.sources(version)
        with section("Is there a new system?", "Drop its files: their columns are matched with those of a feed."):
            settings_new_source.new_source(version)
    elif view == "Runs":
        with section(
            "What starts by itself?",
            "Schedules and sensors of Dagster, recorded each minute while `orderhouse up` runs.",
        ):
            settings_schedules.schedules(version)
        with section("What ran, when, and how did it end?", "Steps of the commands and of the schedule."):
            settings_runs.runs(version)
    elif view == "Access":
        with section("Who may do what?", "Roles and people of `access.yaml`."):
            if signed_in().role.opens("audit_log"):
                settings_access.access(version)
            else:
                st.info("Only roles with the page Audit log see the roles and people.", icon=":material/lock:")
    else:
        with section("Which clock and definitions hold?", "Those of the version on the pages."):
            settings_versions.clock(version)
        with section("Which versions are kept?", "The newest first. `orderhouse rollback` makes another one current."):
            settings_versions.versions(version)
except OrderhouseError as error:
    st.error(error.message, icon=":material/error:")
