"""Landing: one action for one request, whatever is repeated, killed or refused by the disk."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from orderhouse.actions.landing import land, landed_file, landed_names, landing_lock, next_instant
from orderhouse.actions.pending import pending_actions
from orderhouse.actions.requests import Request, Subject, new_request_id
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import entries
from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import sources_of

from tests.actions.conftest import Do, order_in

NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)
# Acts in a process of its own, which a fault point ends.
ACT = """
import sys
from orderhouse.access.roles import OWNER
from orderhouse.actions.acting import act
from orderhouse.actions.requests import Request, Subject
from orderhouse.settings import Settings
home, request_id, order = sys.argv[1:]
answers = act(Settings(home=home), actor="mia", role=OWNER, request=Request(request_id, "hold", (Subject(order),)))
print(answers[0].has_landed)
"""


def ids_in(settings: Settings) -> list[str]:
    """Return the ids of all landed actions."""
    lines = [line for name in landed_names(settings) for line in (settings.actions / name).read_text().splitlines()]
    return [json.loads(line)["action_id"] for line in lines]


def test_double_click_is_one_action(settings: Settings, do: Do) -> None:
    order, request_id = order_in(settings, "ready_to_ship"), new_request_id()
    first, second = (do("hold", order, request_id=request_id) for _ in range(2))
    assert first == second
    assert ids_in(settings) == [first[0].action_id]


def test_clicks_at_once_are_one_action(settings: Settings, do: Do) -> None:
    order, request_id = order_in(settings, "ready_to_ship"), new_request_id()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: do("hold", order, request_id=request_id), range(6)))
    assert [each[0].has_landed for each in answers] == [True] * 6
    assert len(ids_in(settings)) == 1


def test_people_at_once_land_one_of_two_that_exclude_each_other(settings: Settings, do: Do) -> None:
    order = order_in(settings, "ready_to_ship")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: do("hold", order), range(6)))
    assert sum(each[0].has_landed for each in answers) == 1
    assert len(ids_in(settings)) == 1


@pytest.mark.parametrize("point", ["action_drafted", "action_landed"])
def test_kill_before_the_answer_and_a_retry_are_one_action(settings: Settings, point: str) -> None:
    order, request_id = order_in(settings, "ready_to_ship"), new_request_id()
    command = [sys.executable, "-c", ACT, str(settings.home), request_id, order]
    killed = subprocess.run(command, env={**os.environ, "ORDERHOUSE_FAULT": point}, capture_output=True, check=False)
    assert killed.returncode == 137, killed.stderr
    assert len(landed_names(settings)) == (1 if point == "action_landed" else 0)
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout == "True\n"
    assert ids_in(settings) == [Request(request_id, "hold").action_id(Subject(order))]
    assert [path.name for path in settings.actions.glob(".*")] == []


@limits(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), min_size=1, max_size=12))
def test_each_request_lands_once_in_any_order_of_repetitions(tries: list[tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        for number, size in tries:
            request_id = f"{number:032x}"
            with landing_lock(settings):
                if landed_file(settings, request_id) is None:
                    land(
                        settings,
                        request_id,
                        [{"action_id": f"{number}-{n}"} for n in range(size)],
                        next_instant(settings),
                    )
        sizes = {number: size for number, size in reversed(tries)}
        assert sorted(ids_in(settings)) == sorted(
            f"{number}-{n}" for number, size in sizes.items() for n in range(size)
        )


def test_landed_file_is_whole_for_its_owner_alone_and_of_the_implicit_source(
    settings: Settings, tmp_path: Path
) -> None:
    with landing_lock(settings):
        path = land(settings, "a" * 32, [{"action_id": "x"}, {"action_id": "ü"}], NOW)
    assert path.read_text() == '{"action_id": "x"}\n{"action_id": "ü"}\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    declared = tmp_path / "sources.yaml"
    declared.write_text("sources: {shop: {format: canonical, feed: orders, path: shop/*.csv}}")
    source = sources_of(settings.model_copy(update={"sources": declared})).sources["operators"]
    assert path.match(source.path[0]) and source.feed == "actions"


def test_later_action_is_later_also_if_the_clock_was_set_back(settings: Settings) -> None:
    ahead = datetime.now(UTC) + timedelta(days=1)
    with landing_lock(settings):
        land(settings, "a" * 32, [{"action_id": "x"}], ahead)
        assert next_instant(settings) == ahead + timedelta(microseconds=1)


def test_action_that_cannot_be_written_has_not_been_taken(settings: Settings, do: Do) -> None:
    settings.actions.write_text("a file where the folder should be")
    with pytest.raises(OrderhouseError, match="It has not been taken"):
        do("hold", order_in(settings, "ready_to_ship"))


def test_file_that_is_no_list_of_actions_hides_no_pending_action(settings: Settings, do: Do) -> None:
    order = order_in(settings, "ready_to_ship")
    do("hold", order)
    (settings.actions / "a.ndjson").write_bytes(b"\xff\xfe")
    (settings.actions / "b.ndjson").write_text('[]\n{"action_id": 3}\nnonsense\n')
    from tests.actions.test_acting import query_of

    assert [each.order_id for each in pending_actions(settings, query_of(settings))] == [order]


def test_action_that_did_not_land_is_recorded_as_failed(
    settings: Settings, do: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orderhouse.actions.landing.checkpoint", full)
    with pytest.raises(OrderhouseError, match="It has not been taken"):
        do("hold", order_in(settings, "ready_to_ship"))
    assert [entry.action for entry in entries(settings)] == ["act", "act_failed"]
    assert landed_names(settings) == []
