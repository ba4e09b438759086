"""The access file: what it declares, and what is refused with its line and the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.access.access_file import Access, load_access
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings


def _load(home: Path, text: str) -> Access:
    (home / "access.yaml").write_text(text, encoding="utf-8")
    return load_access(Settings(home=home))


def test_without_a_file_the_mode_is_single_user_and_the_roles_are_built_in(tmp_path: Path) -> None:
    access = load_access(Settings(home=tmp_path))
    assert not access.is_oidc
    assert list(access.roles) == ["viewer", "agent", "operator", "finance", "marketing", "admin"]
    assert access.roles["admin"].sees_everything


def test_person_has_the_role_of_the_address_in_any_case_else_of_the_first_group(tmp_path: Path) -> None:
    access = _load(
        tmp_path,
        "mode: oidc\npeople:\n  Anna@Example.com: agent\ngroups:\n  money: finance\n  everybody: viewer\n",
    )
    roles = [
        access.role_of("ANNA@example.com", ["money"]),
        access.role_of("bob@example.com", ["everybody", "money"]),
        access.role_of("eve@example.com", ["strangers"]),
        access.role_of(None, []),
    ]
    assert [role.name if role else None for role in roles] == ["agent", "finance", None, None]


def test_key_of_a_built_in_role_replaces_that_key_alone(tmp_path: Path) -> None:
    access = _load(tmp_path, "roles:\n  finance:\n    rows: {legal_entity: [Shop GmbH]}\n    exports: no\n")
    assert access.roles["finance"].rows == {"legal_entity": ["Shop GmbH"]}
    assert not access.roles["finance"].exports
    assert access.roles["finance"].opens("revenue")


def test_new_role_may_do_nothing_that_it_does_not_name(tmp_path: Path) -> None:
    role = _load(tmp_path, "roles:\n  temp:\n    pages: orders\n").roles["temp"]
    assert (role.opens("orders"), role.opens("revenue"), role.reads("ops.orders")) == (True, False, False)
    assert (role.exports, role.reveals, role.may("dagster")) == (False, False, False)


def test_earlier_name_of_a_page_still_opens_it(tmp_path: Path) -> None:
    role = _load(tmp_path, "roles:\n  temp:\n    pages: [overview, orders]\n").roles["temp"]
    assert role.pages == ["today", "orders"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mode: oicd\n", "access.yaml:1: mode: there is no mode 'oicd'; did you mean 'oidc'?"),
        ("mode: oidc\npeple:\n  a@b.c: agent\n", "access.yaml:2: the file has no key 'peple'; did you mean 'people'?"),
        (
            "roles:\n  agent:\n    page: [orders]\n",
            "access.yaml:3: role agent has no key 'page'; did you mean 'pages'?",
        ),
        (
            "roles:\n  agent:\n    pages:\n      - orders\n      - revenu\n",
            "access.yaml:3: role agent: pages: there is no page 'revenu'; did you mean 'revenue'?",
        ),
        (
            "roles:\n  agent:\n    tables: [ops.order]\n",
            "there is no published table 'ops.order'; did you mean 'ops.orders'?",
        ),
        (
            "roles:\n  agent:\n    rows: {chanel: [web]}\n",
            "role agent: rows: there is no dimension of rows 'chanel'; did you mean 'channel'?",
        ),
        ("people:\n  a@b.c: agnt\n", "access.yaml:2: people: a@b.c: there is no role 'agnt'; did you mean 'agent'?"),
        ("groups:\n  x: y\n  m: adminn\n", "access.yaml:2: groups: x: there is no role 'y'"),
        ("roles:\n  agent:\n    exports: perhaps\n", "role agent: exports: it must be true or false."),
        ("roles:\n  agent:\n    pages: [all, orders]\n", "`all` includes every page; remove the other words"),
        ("session_hours: 0\n", "access.yaml:1: session_hours: "),
        # An empty filter must not become no filter.
        ("roles:\n  agent:\n    rows:\n      channel:\n", "access.yaml:4: roles.agent.rows.channel is empty."),
        ("roles:\n  agent:\n    rows:\n", "access.yaml:3: roles.agent.rows is empty."),
        ("roles:\n  agent:\n    rows: {channel: []}\n", "role agent: rows.channel: it is empty."),
        ("roles:\n  agent:\n    rows: {}\n", "access.yaml:3: roles.agent.rows is empty."),
    ],
)
def test_mistake_is_refused_with_its_line_and_the_nearest_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(OrderhouseError) as error:
        _load(tmp_path, text)
    assert message in error.value.message


def test_named_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OrderhouseError, match="There is no roles file .*name it with `access_file`"):
        load_access(Settings(home=tmp_path, access_file=tmp_path / "elsewhere.yaml"))
