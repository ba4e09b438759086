"""Commands of schedules, and the alerts about what fails."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from orderhouse.cli.application import run_command
from orderhouse.cli.session import console
from orderhouse.monitoring.conditions import find_conditions
from orderhouse.schedules.running import run_now
from orderhouse.settings import Settings

from tests.schedules.conftest import WriteSchedules

MORNING = "morning: {role: operator, cron: 0 8 * * 1-5, worklist: all, recipients: [ann@example.com]}"


@pytest.fixture
def settings(tmp_path: object) -> Settings:
    """Return settings of an empty home; commands read them from the home."""
    return Settings(home=tmp_path)


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "width", 250)


def command(settings: Settings, *words: str) -> int:
    return run_command(["--home", str(settings.home), "schedules", *words])


def test_check_compares_roles_and_channels(
    home: Settings, write_schedules: WriteSchedules, capsys: pytest.CaptureFixture[str]
) -> None:
    write_schedules(
        MORNING,
        MORNING.replace("morning", "gone").replace("operator", "opertor"),
        MORNING.replace("morning", "nobody").replace(", recipients: [ann@example.com]", ""),
        MORNING.replace("morning", "other").replace("}", ", channel: emial}"),
    )
    assert command(home, "check") == 2
    said = capsys.readouterr().out
    assert "schedules.yaml:3: gone: " in said and "there is no role 'opertor'; did you mean 'operator'?" in said
    assert "schedules.yaml:4: nobody: It has no recipients." in said
    assert "schedules.yaml:5: other: In messages.yaml there is no channel 'emial'; did you mean 'email'?" in said
    assert "morning" not in said
    write_schedules(MORNING)
    assert command(home, "check") == 0
    assert "1 schedule, and nothing is wrong." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            MORNING.replace("cron", "corn"),
            "schedules.yaml:2: morning.corn: there is no key 'corn'; did you mean 'cron'?",
        ),
        (MORNING.replace("0 8", "0 25"), "morning.cron: '0 25 * * 1-5' is no cron expression (bad hour)."),
        (MORNING.replace("all", "fulfillment"), "there is no team 'fulfillment'; did you mean 'fulfilment'?"),
        (MORNING.replace("ann@example.com", "ann"), "morning.recipients: 'ann' is no e-mail address."),
        (MORNING.replace("}", ", language: German}"), "morning.language: write a language, such as de or pt_BR."),
        (MORNING.replace("}", ", if_empty: sned}"), "there is no word 'sned'; did you mean 'send'?"),
        (MORNING.replace("role: operator, ", ""), "morning: it has no `role`."),
        ("Morning: {}", "the name of a schedule has lower-case letters, digits and _"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(
    home: Settings, write_schedules: WriteSchedules, capsys: pytest.CaptureFixture[str], entry: str, sentence: str
) -> None:
    write_schedules(entry)
    assert command(home, "check") == 2
    assert sentence in capsys.readouterr().err


def test_list_and_show_say_when_and_how(
    home: Settings, write_schedules: WriteSchedules, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(home, "list") == 0
    assert "There are no schedules." in capsys.readouterr().out
    write_schedules(MORNING, MORNING.replace("morning", "later").replace("}", ", enabled: false}"))
    assert command(home, "run", "morning") == 0
    capsys.readouterr()
    assert command(home, "list") == 0
    said = capsys.readouterr().out
    assert "next (Europe/Berlin)" in said and " 08:00 " in said and "done" in said
    assert command(home, "show", "morning") == 0
    said = capsys.readouterr().out
    assert "cron: 0 8 * * 1-5" in said and "exceptions told in 1 message" in said
    assert command(home, "show", "mourning") == 2
    assert "There is no schedule 'mourning'; did you mean 'morning'?" in capsys.readouterr().err


def test_run_without_a_name_runs_what_is_due(
    home: Settings, write_schedules: WriteSchedules, capsys: pytest.CaptureFixture[str]
) -> None:
    write_schedules(MORNING)
    assert command(home, "run") == 0
    assert "Nothing is due." in capsys.readouterr().out


def test_a_failed_schedule_is_an_alert_until_it_runs_well(home: Settings, write_schedules: WriteSchedules) -> None:
    write_schedules(MORNING.replace("operator", "nobody"))
    assert command(home, "run") == 0, "the schedule is noted"
    assert command(home, "run", "morning") == 2
    (found,) = [each for each in find_conditions(home) if each.kind == "schedule_failed"]
    assert found.subject == "morning"
    assert "there is no role 'nobody'" in found.message
    assert found.message.endswith("Next: orderhouse schedules run morning")
    write_schedules(MORNING)
    run_now(home, "morning", now=datetime.now().astimezone() + timedelta(seconds=5))
    assert not [each for each in find_conditions(home) if each.kind == "schedule_failed"]
