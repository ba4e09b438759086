"""Tests of the campaigns themselves: they continue where they ended, and their counts add up."""

from __future__ import annotations

from pathlib import Path

from tests.campaigns.fuzz import FILES_PER_UNIT
from tests.campaigns.kills import LIFE
from tests.campaigns.record import Unit, carry_on, sums


def test_campaign_continues_where_it_ended_and_its_counts_add_up(tmp_path: Path) -> None:
    done: list[int] = []

    def work(number: int) -> Unit:
        done.append(number)
        return {"files": 10, "problems": ["a row is missing"] if number == 1 else []}

    record = tmp_path / "units.jsonl"
    carry_on(record, 2, work)
    units = carry_on(record, 3, work)
    assert done == [0, 1, 2]
    assert sums(units) == {"units": 3, "files": 30, "problems": ["unit 1: a row is missing"]}


def test_campaigns_kill_every_step_of_a_life_and_damage_files() -> None:
    assert {step.name for step in LIFE if step.kills} == {"receive", "run", "erase", "backup", "restore"}
    assert FILES_PER_UNIT > 0
