"""Saved views: the address of a page, with its filters and sort, under a name; private, or shared with a role."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.operations.store import open_store
from orderhouse.operations.tables import SAVED_VIEWS
from orderhouse.settings import Settings

__all__ = ["SavedView", "delete_view", "save_view", "views_of"]

LONGEST_NAME = 80
LONGEST_QUERY = 4_000
MOST_VIEWS = 200

Query = Mapping[str, list[str]]


@dataclass(frozen=True)
class SavedView:
    """One view.

    Attributes:
        view_id: Id of the view.
        owner: Name of the person who saved it, and who alone may replace or delete it.
        page: Page, as named in `access.yaml`.
        name: Name that people read.
        shared_with: Role whose people see it too, `all`, or None.
        query: Filters and sort as they are in the address: values by name.
    """

    view_id: str
    owner: str
    page: str
    name: str
    shared_with: str | None
    query: dict[str, list[str]]


def save_view(
    settings: Settings, *, owner: str, page: str, name: str, query: Query, shared_with: str | None = None
) -> SavedView:
    """Save a view; one of the same owner, page and name is replaced.

    Raises:
        OrderhouseError: The name is empty or too long, there are too many views, or the store cannot be written.
    """
    name, text = name.strip(), json.dumps({key: list(query[key]) for key in sorted(query)}, ensure_ascii=False)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise OrderhouseError(f"Give the view a name of 1 to {LONGEST_NAME} characters.")
    if len(text) > LONGEST_QUERY:
        raise OrderhouseError("The view has too many filters to be saved. Remove some of them.")
    columns = SAVED_VIEWS.c
    view = SavedView(uuid4().hex, owner, page, name, shared_with, json.loads(text))
    with open_store(settings).writing(SAVED_VIEWS.name) as connection:
        own = columns.owner == owner
        connection.execute(sa.delete(SAVED_VIEWS).where(own, columns.page == page, columns.name == name))
        count = sa.select(sa.func.count()).select_from(SAVED_VIEWS).where(own)
        if connection.execute(count).scalar_one() >= MOST_VIEWS:
            raise OrderhouseError(f"You have {MOST_VIEWS} saved views. Delete one first.")
        connection.execute(
            sa.insert(SAVED_VIEWS).values(
                view_id=view.view_id, owner=owner, page=page, name=name, shared_with=shared_with, query=text,
                saved_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        )  # fmt: skip
    return view


def views_of(settings: Settings, *, person: str, role: Role, page: str | None = None) -> list[SavedView]:
    """Return the views that a person sees: the own ones, then those shared with the role, by name.

    Views of pages that the role does not have are left out.

    Raises:
        OrderhouseError: The operations store cannot be read.
    """
    columns = SAVED_VIEWS.c
    is_own = columns.owner == person
    query = sa.select(SAVED_VIEWS).where(sa.or_(is_own, columns.shared_with.in_((role.name, "all"))))
    if page is not None:
        query = query.where(columns.page == page)
    with open_store(settings).reading() as connection:
        rows = connection.execute(query.order_by(sa.desc(is_own), columns.name, columns.view_id)).mappings().all()
    return [view for row in rows if role.opens((view := _view(row)).page)]


def delete_view(settings: Settings, *, owner: str, view_id: str) -> bool:
    """Delete a view of its owner. Return False if there is no such view of this owner.

    Raises:
        OrderhouseError: The operations store cannot be written.
    """
    columns = SAVED_VIEWS.c
    with open_store(settings).writing(SAVED_VIEWS.name) as connection:
        gone = connection.execute(sa.delete(SAVED_VIEWS).where(columns.view_id == view_id, columns.owner == owner))
    return gone.rowcount > 0


def _view(row: Mapping[Any, Any]) -> SavedView:
    query = json.loads(row["query"])
    return SavedView(row["view_id"], row["owner"], row["page"], row["name"], row["shared_with"], query)
