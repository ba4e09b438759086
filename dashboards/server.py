"""Server of the dashboards: the pages of `app.py` and `/metrics` behind the guard. `streamlit run` finds `app` here."""

from pathlib import Path

import streamlit as st
from orderhouse.front import Guard, public_names
from orderhouse.monitoring.metrics import metrics_endpoint
from orderhouse.settings import load_settings
from starlette.middleware import Middleware
from starlette.routing import Route

settings = load_settings()
app = st.App(
    Path(__file__).with_name("app.py"),
    routes=[Route("/metrics", metrics_endpoint(settings))],
    middleware=[Middleware(Guard, names=public_names(settings))],
)
