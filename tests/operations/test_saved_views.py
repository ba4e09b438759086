"""Saved views: private or shared with a role, replaced and deleted by their owner alone."""

from __future__ import annotations

import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.errors import OrderhouseError
from orderhouse.operations import saved_views
from orderhouse.operations.saved_views import delete_view, save_view, views_of
from orderhouse.settings import Settings

LATE = {"code": ["late"], "sort": ["-age_days"]}


def names(settings: Settings, person: str, role: str = "agent", page: str | None = "exceptions") -> list[str]:
    """Return the names of the views that a person sees."""
    return [view.name for view in views_of(settings, person=person, role=BUILT_IN[role], page=page)]


def test_view_keeps_its_address_and_is_private(settings: Settings) -> None:
    saved = save_view(settings, owner="anna", page="exceptions", name="  Late ones ", query=LATE)
    (found,) = views_of(settings, person="anna", role=BUILT_IN["agent"])
    assert found == saved
    assert (found.name, found.query) == ("Late ones", LATE)
    assert names(settings, "bob") == []


def test_view_is_shared_with_a_role_or_with_all(settings: Settings) -> None:
    save_view(settings, owner="anna", page="exceptions", name="desk", query=LATE, shared_with="agent")
    save_view(settings, owner="anna", page="exceptions", name="all of us", query=LATE, shared_with="all")
    save_view(settings, owner="bob", page="exceptions", name="mine", query=LATE)
    assert names(settings, "bob") == ["mine", "all of us", "desk"]
    assert names(settings, "tom", "operator") == ["all of us"]
    assert names(settings, "bob", page="orders") == []


def test_view_of_a_page_that_the_role_lacks_is_not_listed(settings: Settings) -> None:
    save_view(settings, owner="anna", page="revenue", name="months", query={}, shared_with="all")
    assert names(settings, "bob", "agent", page=None) == []
    assert names(settings, "bob", "finance", page=None) == ["months"]


def test_name_that_is_used_again_replaces_the_own_view_only(settings: Settings) -> None:
    save_view(settings, owner="anna", page="exceptions", name="desk", query=LATE, shared_with="all")
    save_view(settings, owner="bob", page="exceptions", name="desk", query={"code": ["lost"]})
    save_view(settings, owner="bob", page="exceptions", name="desk", query={"code": ["unpaid"]})
    found = views_of(settings, person="bob", role=BUILT_IN["agent"])
    assert [(view.owner, view.query["code"]) for view in found] == [("bob", ["unpaid"]), ("anna", ["late"])]


def test_view_is_deleted_by_its_owner_alone(settings: Settings) -> None:
    view = save_view(settings, owner="anna", page="exceptions", name="desk", query=LATE, shared_with="all")
    assert delete_view(settings, owner="bob", view_id=view.view_id) is False
    assert names(settings, "anna") == ["desk"]
    assert delete_view(settings, owner="anna", view_id=view.view_id) is True
    assert names(settings, "anna") == []


def test_number_and_size_of_views_are_bounded(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OrderhouseError, match="name of 1 to 80"):
        save_view(settings, owner="anna", page="exceptions", name=" ", query={})
    with pytest.raises(OrderhouseError, match="too many filters"):
        save_view(settings, owner="anna", page="exceptions", name="x", query={"q": ["x" * 4_000]})
    monkeypatch.setattr(saved_views, "MOST_VIEWS", 1)
    save_view(settings, owner="anna", page="exceptions", name="one", query={})
    save_view(settings, owner="anna", page="exceptions", name="one", query=LATE)
    with pytest.raises(OrderhouseError, match="Delete one first"):
        save_view(settings, owner="anna", page="exceptions", name="two", query={})
