"""Server of the dashboards: the pages of `app.py` behind the guard. `streamlit run` finds `app` here."""

from pathlib import Path

import streamlit as st
from orderhouse.front import Guard
from orderhouse.settings import load_settings
from starlette.middleware import Middleware

app = st.App(
    Path(__file__).with_name("app.py"),
    middleware=[Middleware(Guard, names=load_settings().public_hosts)],
)
