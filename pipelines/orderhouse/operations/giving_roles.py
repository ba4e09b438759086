"""Giving of roles to people: one entry of `people` in `access.yaml` is replaced, and all other lines stay as they are.

Roles themselves are written by hand, because each names what strangers to it would see.
"""

from __future__ import annotations

import re

from orderhouse.access.access_file import Access, load_access
from orderhouse.access.roles import ALL, Role
from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import record
from orderhouse.settings import Settings
from orderhouse.storage.people_files import drafted, only_writer, save_text, text_or
from orderhouse.yaml_blocks import entry_names, with_value

__all__ = ["give_role", "may_give"]

SECTION = "people"
ADDRESS = re.compile(r"[^\s@:#]+@[^\s@:#]+")


def may_give(role: Role) -> bool:
    """Tell if a role may give roles: only one that may do and see everything, since it could give itself any."""
    return role.sees_everything and role.may(ALL)


def give_role(settings: Settings, email: str, named: str | None, *, seen: str | None, actor: str, role: Role) -> None:
    """Give a person a role by name, which counts from the next look of the person at a page.

    Args:
        settings: Settings of the home.
        email: The person.
        named: The role; None to take it away. A role by group stays.
        seen: The role that the person had when it was shown; None if none by name.
        actor: Person who gives it.
        role: Role of that person.

    Raises:
        OrderhouseError: The role may not, there is no such role, the address is none, the person's role was changed
            meanwhile, nobody could give roles any more, or the file cannot be written. Nothing is saved.
    """
    if not may_give(role):
        raise OrderhouseError(f"The role {role.name} may not give roles; only one that may do and see everything may.")
    if not ADDRESS.fullmatch(email):
        raise OrderhouseError(
            f"{email} is no e-mail address. Write it as the sign-in states it, such as anna@example.com."
        )
    with only_writer(settings, "access"):
        access = load_access(settings)
        if not access.is_oidc:
            raise OrderhouseError(
                f"Nobody signs in, so roles are given to nobody: {access.path} does not say `mode: oidc`."
            )
        if named is not None and named not in access.roles:
            raise OrderhouseError(nearest_sentence("role", named, access.roles))
        before = access.people.get(email.casefold())
        if before != seen:
            raise OrderhouseError(
                f"Nothing was saved: {email} has {_words(before)} meanwhile, not {_words(seen)}. Look again."
            )
        text = text_or(access.path, "")
        written = next((name for name in entry_names(text, SECTION) if name.casefold() == email.casefold()), email)
        text = with_value(text, SECTION, written, named)
        _require_sound(settings, access, text)
        save_text(access.path, text)
    detail = {"role": named or "none", "before": before or "none"}
    record(settings, actor=actor, role=role.name, action="give_role", subject=f"person {email}", detail=detail)


def _words(role: str | None) -> str:
    return f"the role {role}" if role else "no role by name"


def _require_sound(settings: Settings, access: Access, text: str) -> None:
    """Refuse a text that cannot be read, or under which nobody could give roles."""
    draft = settings.operations / "access_draft.yaml"
    with drafted(draft, text, str(access.path)):
        drawn = load_access(settings.model_copy(update={"access_file": draft}))
    if not any(may_give(drawn.roles[role]) for role in (*drawn.people.values(), *drawn.groups.values())):
        raise OrderhouseError(
            "Nothing was saved: nobody could give roles any more. Give the role admin to another person first."
        )
