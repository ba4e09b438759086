"""Fixtures: a published home that each test acts in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.actions.acting import Answer, act
from orderhouse.actions.requests import Request, Subject, new_request_id
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

from tests.dashboards.published_home import publish

Do = Callable[..., list[Answer]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Publish 800 orders in a new home, and return its settings."""
    publish(tmp_path)
    return Settings(home=tmp_path)


@pytest.fixture
def do(settings: Settings) -> Do:
    """Return a function that acts on orders as a built-in role."""

    def _do(
        kind: str, *orders: str | Subject, role: str = "operator", actor: str = "mia", **parameters: object
    ) -> list[Answer]:
        subjects = tuple(each if isinstance(each, Subject) else Subject(order_id=each) for each in orders)
        given = {"request_id": new_request_id(), **parameters}
        return act(settings, actor=actor, role=BUILT_IN[role], request=Request(kind=kind, subjects=subjects, **given))  # type: ignore[arg-type]

    return _do


def first(settings: Settings, sql: str) -> str:
    """Return the first value of a query over the published version."""
    with open_reader(settings) as published:
        found: str = published.execute(sql).fetchall()[0][0]
    return found


def order_in(settings: Settings, stage: str) -> str:
    """Return an order in a stage."""
    return first(settings, f"select min(order_id) from ops.orders where stage = '{stage}'")
