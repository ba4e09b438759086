"""Tests of the clock policy: the first run sets it, later runs keep it, and only `--as-of now` and `data` change it."""

from __future__ import annotations

import contextlib

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record, save_record
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform.building import build
from orderhouse.transform.clock_policy import policy_of, settle_clock

INSTANT = "2026-01-10T00:00:00Z"


def recorded(settings: Settings) -> list[str]:
    """Return every policy that the home has had, in order."""
    with contextlib.closing(open_raw(settings)) as raw:
        found = raw.execute("select policy from raw.clock_policies order by since").fetchall()
        assert policy_of(raw) == (found[-1][0] if found else None)
    return [policy for (policy,) in found]


@pytest.mark.parametrize("first", ["now", "data"])
def test_first_run_sets_the_policy_and_later_runs_keep_it(settings: Settings, first: str) -> None:
    set_by = settle_clock(settings, first)
    assert set_by.as_of == first and set_by.note is not None and f"`{first}`" in set_by.note
    again = settle_clock(settings, None)
    assert (again.as_of, again.note) == (first, None)
    assert recorded(settings) == [first]


def test_first_run_without_the_option_sets_now(settings: Settings) -> None:
    assert settle_clock(settings, None).as_of == "now"
    assert recorded(settings) == ["now"]


def test_policy_is_changed_on_purpose_with_a_sentence(settings: Settings) -> None:
    settle_clock(settings, "data")
    note = settle_clock(settings, "now").note
    assert note is not None and "was `data` and is now `now`" in note
    assert settle_clock(settings, None).as_of == "now"
    assert recorded(settings) == ["data", "now"]


def test_instant_holds_for_one_run(settings: Settings) -> None:
    settle_clock(settings, "data")
    once = settle_clock(settings, INSTANT)
    assert once.as_of == INSTANT
    assert once.note is not None and "this run only" in once.note and "`data`" in once.note
    assert settle_clock(settings, None).as_of == "data"
    assert recorded(settings) == ["data"]


def test_home_of_an_earlier_release_keeps_the_clock_of_its_last_build(settings: Settings) -> None:
    build(settings, as_of="data")
    assert recorded(settings) == []
    assert settle_clock(settings, None).as_of == "data"
    assert recorded(settings) == ["data"]


def test_home_of_an_earlier_release_keeps_its_clock_over_a_run_at_an_instant(settings: Settings) -> None:
    build(settings, as_of="data")
    build(settings, as_of=settle_clock(settings, INSTANT).as_of)
    assert settle_clock(settings, None).as_of == "data"


def test_home_whose_table_of_policies_is_missing_is_read(settings: Settings) -> None:
    with contextlib.closing(open_raw(settings)) as raw:
        raw.execute("drop table raw.clock_policies")
        assert policy_of(raw) is None
    assert settle_clock(settings, "data").as_of == "data"
    assert recorded(settings) == ["data"]


def test_build_records_the_policy_for_readers(settings: Settings) -> None:
    settle_clock(settings, "data")
    assert build(settings, as_of=INSTANT).record.clock_policy == "data"
    settle_clock(settings, "now")
    unchanged = build(settings, as_of=INSTANT)
    record = load_record(settings)
    assert not unchanged.changed and record is not None and record.clock_policy == "now"


def test_policy_survives_the_loss_of_the_build_record(settings: Settings) -> None:
    settle_clock(settings, "data")
    build(settings, as_of="data")
    record = load_record(settings)
    assert record is not None
    settings.warehouse.joinpath("build.json").unlink()
    assert settle_clock(settings, None).as_of == "data"
    save_record(settings, record)


def test_what_is_no_clock_is_refused_and_changes_nothing(settings: Settings) -> None:
    settle_clock(settings, "data")
    with pytest.raises(OrderhouseError, match="yesterday"):
        settle_clock(settings, "yesterday")
    assert recorded(settings) == ["data"]
