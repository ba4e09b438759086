"""Schedules page: what is made and sent at due times, how it ended, and a form that writes `schedules.yaml`."""

from __future__ import annotations

import streamlit as st
from orderhouse.errors import OrderhouseError
from shared.layout import section, start

from app_pages import schedules_builder, schedules_list, schedules_one
from app_pages.schedules_list import NEW

version = start("Schedules", "Worklists and reports that go out at due times, under the rights of a role.")
try:
    if "schedule" not in st.query_params:
        with section(
            "What goes out, and when?",
            "In the order of `schedules.yaml`. Due times are those of the business time zone.",
        ):
            schedules_list.schedules(version)
    elif st.query_params["schedule"] == NEW or "edit" in st.query_params:
        schedules_builder.builder(version, st.query_params["schedule"])
    else:
        schedules_one.one(version, st.query_params["schedule"])
except OrderhouseError as error:
    st.error(error.message, icon=":material/error:")
