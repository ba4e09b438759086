"""Tests of limits: exact for few subjects, shared between processes, and of bounded size."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.portal.limits import Limits, client_subject


@given(st.lists(st.sampled_from("ab"), max_size=40), st.integers(1, 10))
def test_each_subject_passes_as_often_as_allowed(
    tmp_path_factory: pytest.TempPathFactory, asked: list[str], most: int
) -> None:
    limits = Limits(tmp_path_factory.mktemp("limits") / "limits", lambda: 30.0)
    passed = [each for each in asked if limits.wait(each, most, 60) == 0]
    assert [passed.count(each) for each in "ab"] == [min(asked.count(each), most) for each in "ab"]
    limits.close()


def test_two_processes_share_the_counters_and_a_window_ends(tmp_path: Path) -> None:
    clock = [30.0]
    one, other = (Limits(tmp_path / "limits", lambda: clock[0]) for _ in range(2))
    assert [one.wait("a", 2, 60), other.wait("a", 2, 60), one.wait("a", 2, 60)] == [0, 0, 30]
    clock[0] = 59.5
    assert other.wait("a", 2, 60) == 1
    clock[0] = 60.0
    assert other.wait("a", 2, 60) == 0
    # Another length of window is another counter.
    assert one.wait("a", 1, 3600) == 0
    assert one.wait("a", 1, 3600) == 3540


def test_many_subjects_take_no_more_room(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits", lambda: 30.0)
    size = (tmp_path / "limits").stat().st_size
    refused = sum(limits.wait(f"client {number}", 5, 60) > 0 for number in range(5_000))
    assert refused == 0 and (tmp_path / "limits").stat().st_size == size < 2_000_000


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "limits").write_bytes(b"short")
    assert Limits(tmp_path / "limits", lambda: 30.0).wait("a", 1, 60) == 0


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("testclient", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_client_is_an_address_or_a_network(address: str | None, subject: str) -> None:
    assert client_subject(address) == subject
