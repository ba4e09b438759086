"""Revealing: for roles with the right and a stated reason, and recorded before anything is shown."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.operations.audit_log import entries
from orderhouse.operations.revealing import reveal
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import run_lock
from orderhouse.vault.vault import open_vault

ADDRESS = "anna@example.com"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings of an empty home."""
    return Settings(home=tmp_path)


@pytest.fixture
def token(settings: Settings) -> str:
    """Store one address in the vault of a home, and return its token."""
    with open_vault(settings) as vault:
        frame = vault.tokenise(pl.DataFrame({"email": [ADDRESS]}), {"email": "email"})
        vault.flush()
    found: str = frame["email"].item() if "email" in frame.columns else frame["email_token"].item()
    return found


def test_value_is_shown_and_the_token_and_reason_are_recorded(settings: Settings, token: str) -> None:
    found = reveal(settings, actor="bob", role=BUILT_IN["agent"], tokens=[token], reason="parcel lost")
    assert found == {token: ADDRESS}
    (entry,) = entries(settings)
    assert (entry.actor, entry.role, entry.action, entry.subject) == ("bob", "agent", "reveal", token)
    assert entry.detail == '{"why": "parcel lost"}'
    assert ADDRESS not in str(entry)


def test_role_without_the_right_sees_nothing(settings: Settings, token: str) -> None:
    with pytest.raises(OrderhouseError, match="The role finance may not see personal data."):
        reveal(settings, actor="bob", role=BUILT_IN["finance"], tokens=[token], reason="parcel lost")


@pytest.mark.parametrize("reason", ["", "   ", "ok  "])
def test_reason_must_be_stated(settings: Settings, token: str, reason: str) -> None:
    with pytest.raises(OrderhouseError, match="State the reason"):
        reveal(settings, actor="bob", role=BUILT_IN["agent"], tokens=[token], reason=reason)
    assert list(entries(settings)) == []


def test_nothing_is_shown_while_a_run_writes_but_the_wish_is_recorded(settings: Settings, token: str) -> None:
    with run_lock(settings, "run"), pytest.raises(LockHeld):
        reveal(settings, actor="bob", role=BUILT_IN["agent"], tokens=[token], reason="parcel lost")
    assert [entry.action for entry in entries(settings)] == ["reveal"]


def test_nothing_is_shown_that_cannot_be_recorded(settings: Settings, token: str) -> None:
    broken = settings.model_copy(update={"operations_url_file": settings.home / "nowhere"})
    with pytest.raises(OrderhouseError, match="nowhere cannot be read"):
        reveal(broken, actor="bob", role=BUILT_IN["agent"], tokens=[token], reason="parcel lost")
