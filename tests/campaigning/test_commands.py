"""Tests of the commands about campaigns and suppressions."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.messages.suppressions import suppressions_of
from orderhouse.settings import Settings

from tests.campaigning.conftest import WriteCampaigns

GOOD = "everybody: {title: For all, hold_out: 25%, attribution_days: 7, purpose: newsletter}"


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def command(settings: Settings, *words: str) -> int:
    return run_command(["--home", str(settings.home), *words])


def test_check_says_what_is_wrong_and_ends_with_two(
    settings: Settings, write_campaigns: WriteCampaigns, capsys: pytest.CaptureFixture[str]
) -> None:
    write_campaigns(GOOD)
    assert command(settings, "campaigns", "check") == 2
    assert "messages.yaml has no channel 'email'" in capsys.readouterr().out
    (settings.home / "messages.yaml").write_text(
        "portal_url: https://track.example.com\n"
        "channels: {email: {server: 'localhost:25', security: none, sender: a@example.com}}\n",
        encoding="utf-8",
    )
    assert command(settings, "campaigns", "check") == 0
    assert "1 campaign, and nothing is wrong." in capsys.readouterr().out


def test_a_campaign_goes_from_its_preview_to_its_end(
    settings: Settings, write_campaigns: WriteCampaigns, capsys: pytest.CaptureFixture[str]
) -> None:
    write_campaigns(GOOD)
    assert command(settings, "campaigns", "preview", "everybody") == 0
    shown = capsys.readouterr().out
    assert "customers match." in shown and "fall out: no consent to marketing" in shown and "held out" in shown
    assert command(settings, "campaigns", "start", "everybody") == 0
    assert "everybody has started. Next: " in capsys.readouterr().out
    assert command(settings, "campaigns", "start", "everybody") == 0
    assert "has started before" in capsys.readouterr().out
    for word, state in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        assert command(settings, "campaigns", word, "everybody") == 0
        assert f"everybody is {state}." in capsys.readouterr().out
    assert command(settings, "campaigns", "list") == 0
    assert "For all" in capsys.readouterr().out
    assert command(settings, "campaigns", "pause", "everybody") == 2
    assert "is stopped, so it cannot be paused" in capsys.readouterr().err


def test_results_say_what_is_known_of_the_lift(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(settings, "campaigns", "results", "winter_sale") == 0
    shown = capsys.readouterr().out
    assert "winter_sale: lift +" in shown and "an effect" in shown and "power of 80 %" in shown
    assert command(settings, "campaigns", "results", "spring_sale") == 0
    assert "no effect that could be told from chance" in (shown := capsys.readouterr().out)
    assert "The window ends on 2026-04-21, so the figures still grow." in shown
    assert command(settings, "campaigns", "results", "none") == 0
    assert "No members are published." in capsys.readouterr().out


def test_a_role_without_the_right_is_refused(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    write_campaigns(GOOD)
    assert command(settings, "campaigns", "start", "everybody", "--as-role", "viewer") == 2


def test_suppressions_come_in_and_are_counted(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("a@example.com\nb@example.com\nnot an address\n", encoding="utf-8")
    assert command(settings, "suppressions", "list") == 0
    assert "Nobody is suppressed." in capsys.readouterr().out
    assert command(settings, "suppressions", "import", str(path), "--purpose", "news") == 0
    shown = capsys.readouterr().out
    assert "2 entries, 2 of them new." in shown and "no address and no hash in line 3." in shown
    assert len(suppressions_of(settings).by_purpose["news"]) == 2
    assert command(settings, "suppressions", "list") == 0
    assert "news" in capsys.readouterr().out
    assert command(settings, "suppressions", "import", str(tmp_path / "none")) == 2
    assert "cannot be read" in capsys.readouterr().err
