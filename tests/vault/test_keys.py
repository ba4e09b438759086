"""Tests of the vault's keys: foreign and lost ones are refused with what to do, and adopted only on purpose."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.receive import receive
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.keys import load_keys
from orderhouse.vault.vault import open_vault

from tests.ingest.landing import Landing

ORDERS = "order_id,placed_at,updated_at,currency,email\n{id},2026-01-02T10:00:00Z,2026-01-02T10:00:00Z,EUR,{email}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a home into which one file was received."""
    place = Landing(tmp_path)
    place.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    place.settings.home.mkdir(exist_ok=True)
    _deliver(place.settings, "A")
    receive(place.settings)
    return place.settings


def _deliver(settings: Settings, order_id: str) -> None:
    folder = settings.sources_file.parent / "feeds"
    folder.mkdir(exist_ok=True)
    (folder / f"orders-{order_id}.csv").write_text(ORDERS.format(id=order_id, email="ann@example.com"))


def tokens(settings: Settings) -> list[str]:
    with open_raw(settings, read_only=True) as raw:
        return [token for (token,) in raw.execute("select email_token from raw.orders order by order_id").fetchall()]


def test_keys_of_another_home_are_refused(settings: Settings, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other")
    load_keys(other)
    shutil.copy(other.vault_keys, settings.vault_keys)
    with pytest.raises(OrderhouseError, match=r"stored under .*vault adopt"):
        receive(settings)


def test_vault_of_another_home_is_refused(settings: Settings, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other")
    open_vault(other).connection.close()
    shutil.rmtree(settings.vault)
    shutil.copytree(other.vault, settings.vault)
    with pytest.raises(OrderhouseError, match=r"received under .*vault adopt"):
        receive(settings)


def test_lost_vault_is_refused_and_no_new_keys_are_made(settings: Settings) -> None:
    shutil.rmtree(settings.vault)
    for _ in range(2):
        with pytest.raises(OrderhouseError, match="is missing"):
            receive(settings)
    assert not settings.vault_keys.exists()


def test_adopted_keys_are_in_force_from_the_next_receipt_on(settings: Settings) -> None:
    shutil.rmtree(settings.vault)
    assert run_command(["--home", str(settings.home), "vault", "adopt", "--yes"]) == 0
    assert run_command(["--home", str(settings.home), "vault", "status"]) == 0
    _deliver(settings, "B")
    receive(settings)
    before, after = tokens(settings)
    assert before != after
    with open_raw(settings, read_only=True) as raw:
        assert raw.execute("select max(epoch) from raw.stores").fetchall() == [(2,)]


def test_status_says_that_the_keys_are_foreign(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Settings(home=tmp_path / "other")
    load_keys(other)
    shutil.copy(other.vault_keys, settings.vault_keys)
    assert run_command(["--home", str(settings.home), "vault", "status"]) == 2
    assert "not those under which the rows were received" in capsys.readouterr().err


def test_key_with_a_changed_digit_is_refused_before_it_gives_other_tokens(settings: Settings) -> None:
    stored = json.loads(settings.vault_keys.read_text())
    digit = stored["token_key"][0]
    stored["token_key"] = ("1" if digit == "0" else "0") + stored["token_key"][1:]
    settings.vault_keys.write_text(json.dumps(stored))
    _deliver(settings, "B")
    with pytest.raises(OrderhouseError, match="is damaged: the stored values have other tokens"):
        receive(settings)
