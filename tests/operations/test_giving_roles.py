"""Tests of giving roles to people: what the file says afterwards, who may, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.access.access_file import load_access
from orderhouse.access.roles import BUILT_IN
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import entries
from orderhouse.operations.giving_roles import give_role
from orderhouse.settings import Settings

BRACES = """mode: oidc
people: {Anna@example.com: agent, boss@example.com: admin}  # by hand
groups: {accounting: finance}
"""
LINES = """# who may what
mode: oidc
people:
    Anna@example.com: agent   # since May
    # the owner
    boss@example.com: admin
groups:
    accounting: finance
"""
BY_GROUP = "mode: oidc\ngroups: {owners: admin}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of an empty home."""
    return Settings(home=tmp_path)


def write(settings: Settings, text: str) -> None:
    """Write the access file."""
    (settings.home / "access.yaml").write_text(text)


def give(settings: Settings, email: str, named: str | None, seen: str | None = None, by: str = "admin") -> None:
    """Give a role as somebody with a built-in role."""
    give_role(settings, email, named, seen=seen, actor="boss@example.com", role=BUILT_IN[by])


@pytest.mark.parametrize("text", [BRACES, LINES])
def test_a_role_is_given_changed_and_taken_away(settings: Settings, text: str) -> None:
    write(settings, text)
    give(settings, "new@example.com", "viewer")
    assert load_access(settings).people["new@example.com"] == "viewer"
    give(settings, "anna@example.com", "finance", seen="agent")
    give(settings, "new@example.com", None, seen="viewer")
    assert load_access(settings).people == {"anna@example.com": "finance", "boss@example.com": "admin"}
    told = [(entry.action, entry.subject, entry.detail) for entry in entries(settings)]
    assert told[-1] == ("give_role", "person new@example.com", '{"before": "viewer", "role": "none"}')
    assert len(told) == 3


def test_all_other_lines_stay_as_they_are(settings: Settings) -> None:
    write(settings, LINES)
    give(settings, "new@example.com", "viewer")
    expected = LINES.replace(": admin\n", ": admin\n    new@example.com: viewer\n")
    assert (settings.home / "access.yaml").read_text() == expected


def test_the_first_and_the_last_person_of_a_file_of_groups(settings: Settings) -> None:
    write(settings, BY_GROUP)
    give(settings, "new@example.com", "viewer")
    assert load_access(settings).people == {"new@example.com": "viewer"}
    give(settings, "new@example.com", None, seen="viewer")
    assert load_access(settings).people == {} and load_access(settings).groups == {"owners": "admin"}


@pytest.mark.parametrize(
    ("email", "named", "seen", "by", "said"),
    [
        ("new@example.com", "viewer", None, "operator", "The role operator may not give roles"),
        ("new@example.com", "viever", None, "admin", "did you mean 'viewer'"),
        ("new example.com", "viewer", None, "admin", "is no e-mail address"),
        ("a@b.c\nmode: single-user", "viewer", None, "admin", "is no e-mail address"),
        ("anna@example.com", "finance", None, "admin", "has the role agent meanwhile, not no role by name"),
        ("boss@example.com", "viewer", "admin", "admin", "nobody could give roles any more"),
        ("boss@example.com", None, "admin", "admin", "nobody could give roles any more"),
    ],
)
def test_what_is_refused_saves_nothing(
    settings: Settings, email: str, named: str | None, seen: str | None, by: str, said: str
) -> None:
    write(settings, BRACES)
    with pytest.raises(OrderhouseError, match=said):
        give(settings, email, named, seen, by)
    assert (settings.home / "access.yaml").read_text() == BRACES and list(entries(settings)) == []
    assert not list(settings.operations.glob("*draft*"))


def test_nobody_is_given_a_role_where_nobody_signs_in(settings: Settings) -> None:
    with pytest.raises(OrderhouseError, match="does not say `mode: oidc`"):
        give(settings, "new@example.com", "viewer")
    assert not (settings.home / "access.yaml").exists()
