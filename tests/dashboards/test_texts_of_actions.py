"""Reasons and notes of actions: tokens on the pages, and their text for a role that may reveal, recorded."""

from __future__ import annotations

import json
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest
from orderhouse.operations.audit_log import entries
from orderhouse.settings import Settings
from orderhouse.vault.vault import open_vault

from tests.dashboards.conftest import Open, open_row, said, table_with
from tests.dashboards.published_home import publish

TEXT = "Mrs Miller is moving on Friday"
ACCESS = "mode: oidc\npeople: {ann@example.com: agent, eve@example.com: viewer}\n"


def held_with_a_reason(home: Path) -> tuple[str, str]:
    """Publish a version in which one hold has a reason, and return its order and the reason's token."""
    path = publish(home, orders=200)
    with open_vault(Settings(home=home)) as vault:
        found = vault.tokenise(pl.DataFrame({"reason": [TEXT]}), {"reason": "reason"})
        vault.flush()
    token = str(found[found.columns[0]].item())
    with duckdb.connect(str(path)) as published:
        ((order,),) = published.execute("select min(order_id) from ops.actions").fetchall()
        published.execute("update ops.actions set reason_token = ? where order_id = ?", [token, order]).fetchall()
    (home / "access.yaml").write_text(ACCESS)
    return order, token


def test_reason_of_an_action_is_revealed_to_an_agent_and_recorded(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared import people

    order, token = held_with_a_reason(tmp_path)
    signed = {"is_logged_in": True, "email": "ann@example.com", "sub": "ann", "iat": time.time()}
    monkeypatch.setattr(people, "claims", lambda: signed)
    app = open_page(tmp_path, "orders", order=order)
    assert table_with(app, "has_text").rows[0]["has_text"] == "Yes"
    assert TEXT not in said(app)
    app = open_row(app, "actions")
    app.text_input(key="reveal_why").input("Customer calls")
    next(button for button in app.button if button.label == "Reveal the text").click().run()
    assert TEXT in said(app)
    revealed = [entry for entry in entries(Settings(home=tmp_path)) if entry.action == "reveal"]
    assert [(each.actor, each.subject, json.loads(each.detail)["why"]) for each in revealed] == [
        ("ann@example.com", token, "Customer calls")
    ]
    # A role without the right is told so, and asks nothing.
    monkeypatch.setattr(people, "claims", lambda: {**signed, "email": "eve@example.com", "sub": "eve"})
    app = open_row(open_page(tmp_path, "orders", order=order), "actions")
    assert "Your role, viewer, may not read what people wrote." in said(app)
    assert not [field for field in app.text_input if field.key == "reveal_why"]
