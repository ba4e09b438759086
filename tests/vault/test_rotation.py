"""Tests of a rotation of the vault's keys: tokens stay, former secrets open nothing, kills lose nothing."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.files.source_files import FileRejected
from orderhouse.receive import receive
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.keys import load_keys
from orderhouse.vault.originals import Originals
from orderhouse.vault.rotation import originals_to_seal, rotate

from tests.ingest.landing import Landing

ORDERS = "order_id,placed_at,updated_at,currency,email\n{id},2026-01-02T10:00:00Z,2026-01-02T10:00:00Z,EUR,{email}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a home into which two files were received."""
    place = Landing(tmp_path)
    place.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    place.settings.home.mkdir(exist_ok=True)
    for order_id in ("A", "B"):
        deliver(place.settings, order_id)
    receive(place.settings)
    return place.settings


def deliver(settings: Settings, order_id: str) -> None:
    folder = settings.sources_file.parent / "feeds"
    folder.mkdir(exist_ok=True)
    (folder / f"orders-{order_id}.csv").write_text(ORDERS.format(id=order_id, email="ann@example.com"))


def under(settings: Settings, master: Path) -> Settings:
    return Settings(home=settings.home, sources=settings.sources, vault_master_key_file=master)


def finish(settings: Settings, *, former_master: bytes | None = None) -> None:
    assert list(rotate(settings, former_master=former_master))[-1].damaged == []


def contents(settings: Settings) -> list[bytes]:
    originals = Originals(settings, load_keys(settings))
    return [originals.file(path.name, "", 0).open().read() for path in originals_to_seal(settings)]


@pytest.fixture
def master(tmp_path: Path) -> Path:
    return master_file(tmp_path / "master")


def master_file(path: Path) -> Path:
    path.write_text(secrets.token_hex(32) + "\n")
    return path


def test_a_person_keeps_the_token_across_a_rotation(settings: Settings) -> None:
    finish(settings)
    deliver(settings, "C")
    receive(settings)
    with open_raw(settings, read_only=True) as raw:
        assert raw.execute("select count(*), count(distinct email_token) from raw.orders").fetchall() == [(3, 1)]


def test_originals_are_read_under_the_new_key_and_not_under_the_former(settings: Settings) -> None:
    before, former = contents(settings), load_keys(settings)
    ages = [path.stat().st_mtime_ns for path in originals_to_seal(settings)]
    finish(settings)
    assert contents(settings) == before
    assert [path.stat().st_mtime_ns for path in originals_to_seal(settings)] == ages
    assert len(load_keys(settings).original_keys) == 1
    stale = Originals(settings, former)
    for path in originals_to_seal(settings):
        with pytest.raises(FileRejected):
            stale.file(path.name, "", 0).open()


@pytest.mark.parametrize("originals_done", [0, 1, 2])
def test_a_rotation_that_was_killed_is_continued(settings: Settings, originals_done: int) -> None:
    before = contents(settings)
    killed = rotate(settings)
    for _ in range(originals_done):
        next(killed)
    killed.close()
    assert contents(settings) == before
    finish(settings)
    assert contents(settings) == before
    assert len(load_keys(settings).original_keys) == 1


def test_keys_under_a_master_key_cannot_be_opened_without_it(settings: Settings, master: Path) -> None:
    token_key = load_keys(settings).token_key.hex()
    finish(under(settings, master))
    assert token_key not in settings.vault_keys.read_text()
    assert load_keys(under(settings, master)).token_key.hex() == token_key
    with pytest.raises(OrderhouseError, match="no master key is configured"):
        load_keys(settings)


def test_another_master_key_is_refused_unless_the_former_is_named(
    settings: Settings, master: Path, tmp_path: Path
) -> None:
    finish(under(settings, master))
    other = under(settings, master_file(tmp_path / "other"))
    with pytest.raises(OrderhouseError, match="--former-master"):
        load_keys(other)
    finish(other, former_master=bytes.fromhex(master.read_text()))
    with pytest.raises(OrderhouseError, match="sealed under the master key"):
        load_keys(under(settings, master))
    assert len(contents(other)) == 2


def test_new_home_with_a_master_key_stores_no_key_in_clear(tmp_path: Path, master: Path) -> None:
    fresh = Settings(home=tmp_path / "fresh", vault_master_key_file=master)
    load_keys(fresh)
    assert set(json.loads(fresh.vault_keys.read_text())) == {"master", "nonce", "sealed"}


def test_master_key_comes_from_the_environment_or_a_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = secrets.token_hex(32)
    monkeypatch.setenv("ORDERHOUSE_VAULT_MASTER_KEY", key)
    from_environment = Settings(home=tmp_path / "home")
    fingerprint = load_keys(from_environment).fingerprint
    assert key not in repr(from_environment)
    monkeypatch.delenv("ORDERHOUSE_VAULT_MASTER_KEY")
    monkeypatch.setenv("ORDERHOUSE_VAULT_MASTER_KEY_COMMAND", f"{sys.executable} -c 'print(\"{key}\")'")
    assert load_keys(Settings(home=tmp_path / "home")).fingerprint == fingerprint


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"vault_master_key": "abc"}, "64 hexadecimal digits"),
        ({"vault_master_key_command": ("false",)}, "ended with code 1"),
        ({"vault_master_key_command": ("no-such-command",)}, "failed: FileNotFoundError"),
        ({"vault_master_key_file": Path("/nowhere/key")}, "cannot be read: No such file"),
        ({"vault_master_key": "a" * 64, "vault_master_key_command": ("false",)}, "both give the master key"),
    ],
)
def test_a_master_key_that_cannot_be_used_is_told(tmp_path: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises(OrderhouseError, match=said):
        load_keys(Settings(home=tmp_path / "home", **given))  # type: ignore[arg-type]


def test_a_damaged_original_is_named_and_left_as_it_is(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    damaged, whole = originals_to_seal(settings)
    *sound, last = damaged.read_bytes()
    damaged.write_bytes(bytes([*sound, last ^ 1]))
    content = damaged.read_bytes()
    assert run_command(["--home", str(settings.home), "vault", "rotate"]) == 2
    assert damaged.name in capsys.readouterr().err.replace("\n", "")
    assert damaged.read_bytes() == content
    assert Originals(settings, load_keys(settings)).file(whole.name, "", 0).open().read().startswith(b"order_id")
