"""Saving: what is written is read as it was meant, other lines stay, and nobody sends more than they may see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from orderhouse.access.roles import BUILT_IN, Role
from orderhouse.errors import OrderhouseError
from orderhouse.schedules.figures import FIGURES
from orderhouse.schedules.saving import as_yaml, may_change, save_schedule
from orderhouse.schedules.schedule import Schedule
from orderhouse.schedules.schedules_file import read_schedules
from orderhouse.settings import Settings

ADMIN, OPERATOR = BUILT_IN["admin"], BUILT_IN["operator"]
SOUTH = Role(name="south", tables=["all"], rows={"channel": ["web"]}, actions=["automate"], exports=True)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).map(str.strip).filter(bool)


def schedule(**changes: object) -> Schedule:
    base = Schedule(
        "morning", "Morning", True, "operator", "0 8 * * *", "worklist", "", None, None, (), ("a@example.com",), None,
        "email", None, False, 0,
    )  # fmt: skip
    return replace(base, **changes)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=TEXT,
    kind=st.sampled_from(["query", "table", "figure"]),
    source=TEXT,
    where=st.none() | TEXT,
    language=st.sampled_from([None, "de", "pt_BR"]),
    is_enabled=st.booleans(),
    sends_empty=st.booleans(),
    destination=st.none() | TEXT,
)
def test_what_is_written_is_read_again(
    tmp_path: Path,
    title: str,
    kind: str,
    source: str,
    where: str | None,
    language: str | None,
    is_enabled: bool,
    sends_empty: bool,
    destination: str | None,
) -> None:
    written = schedule(
        title=title, kind=kind, source=next(iter(FIGURES)) if kind == "figure" else source,
        where=where if kind == "table" else None, format="pdf", language=language, is_enabled=is_enabled,
        sends_empty=sends_empty, destination=destination,
    )  # fmt: skip
    path = tmp_path / "schedules.yaml"
    path.write_text("schedules:\n" + as_yaml(written), encoding="utf-8")
    (found,) = read_schedules(path)
    assert replace(found, line=0) == written


def test_a_change_that_was_not_seen_is_not_undone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    first, other = schedule(), schedule(title="Other")
    save_schedule(settings, first, seen=None, actor="ann", role=ADMIN)
    save_schedule(settings, other, seen=first, actor="bob", role=ADMIN)
    with pytest.raises(OrderhouseError, match="it was changed since you opened it"):
        save_schedule(settings, schedule(title="Mine"), seen=first, actor="ann", role=ADMIN)
    with pytest.raises(OrderhouseError, match="there is a schedule of that name already"):
        save_schedule(settings, schedule(title="Mine"), seen=None, actor="ann", role=ADMIN)


@pytest.mark.parametrize(
    ("role", "of", "may"),
    [
        (ADMIN, "operator", True),
        (OPERATOR, "operator", True),
        (OPERATOR, "admin", False),
        (SOUTH, "south", True),
        (SOUTH, "operator", False),
        (BUILT_IN["finance"], "finance", False),
    ],
)
def test_a_role_changes_schedules_of_its_own_role(tmp_path: Path, role: Role, of: str, may: bool) -> None:
    assert may_change(role, of) is may
    if not may:
        with pytest.raises(OrderhouseError, match=f"The role {role.name} may not change schedules of the role {of}"):
            save_schedule(Settings(home=tmp_path), schedule(role=of), seen=None, actor="x", role=role)
        assert not (tmp_path / "schedules.yaml").exists()
