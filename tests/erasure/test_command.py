"""Tests of `orderhouse erase`: its output, and that it asks for confirmation first."""

from __future__ import annotations

import pytest
from orderhouse.cli.application import run_command

from tests.erasure.merchant import ANNA, Merchant


def erase(merchant: Merchant, *arguments: str) -> int:
    settings = merchant.settings
    return run_command(["erase", *arguments, "--home", str(settings.home), "--sources", str(settings.sources)])


def test_without_a_yes_nothing_is_erased(merchant: Merchant, capsys: pytest.CaptureFixture[str]) -> None:
    assert erase(merchant, "c1") == 2
    said = capsys.readouterr()
    assert "Found 1 customer number, 2 orders" in said.out
    assert "Add `--yes`" in said.err
    assert ANNA.email in merchant.vault_values()


def test_what_was_done_is_said_without_naming_anybody(merchant: Merchant, capsys: pytest.CaptureFixture[str]) -> None:
    assert erase(merchant, ANNA.email, "--yes") == 0
    said = capsys.readouterr().out
    assert "6 redacted, 0 deleted" in said
    assert "feeds/customers.csv" in said
    assert not any(value in said for value in ANNA.all())
    assert erase(merchant, "c1", "--yes") == 0
    assert "erased before" in capsys.readouterr().out


def test_originals_can_be_dropped_instead(merchant: Merchant, capsys: pytest.CaptureFixture[str]) -> None:
    assert erase(merchant, "c1", "--yes", "--drop-originals") == 0
    assert "0 redacted, 6 deleted" in capsys.readouterr().out
    assert merchant.originals() == {}


def test_an_unknown_way_of_naming_somebody_is_refused(merchant: Merchant, capsys: pytest.CaptureFixture[str]) -> None:
    assert erase(merchant, "c1", "--by", "name", "--yes") == 2
    assert "`--by` takes customer_id, email, token" in capsys.readouterr().err
