"""Visitors: who asks a server for people, by the claims of their sign-in, and their role.

The claims come from the provider of identities by OpenID Connect. Sign-in itself belongs to the dashboards.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from orderhouse.access.access_file import Access
from orderhouse.access.roles import OWNER, Role

__all__ = ["Visitor", "machine_user", "visitor_of"]

State = Literal["known", "unknown", "signed_out", "expired"]


@dataclass(frozen=True)
class Visitor:
    """One person at a page.

    Attributes:
        name: E-mail address, else the provider's name for the person; the operating-system user in `single-user`.
        role: The role; None unless the state is `known`.
        state: `known`, `unknown` (signed in without a role), `signed_out`, or `expired`: must sign in again.
    """

    name: str
    role: Role | None
    state: State


def machine_user() -> str:
    """Return the name of the operating-system user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run without an entry for its user
        return "machine"


def visitor_of(access: Access, claims: Mapping[str, Any] | None) -> Visitor:
    """Return the visitor with these claims; in `single-user`, the owner of the machine.

    An address that the provider marks as not verified does not count: anybody can state it.
    """
    if not access.is_oidc:
        return Visitor(machine_user(), OWNER, "known")
    if not claims or claims.get("is_logged_in") is not True:
        return Visitor("", None, "signed_out")
    email = claims.get("email") if claims.get("email_verified", True) in (True, "true") else None
    email = email if isinstance(email, str) else None
    name = email or str(claims.get("sub", ""))
    if not _is_fresh(access, claims.get("iat")):
        return Visitor(name, None, "expired")
    groups = claims.get(access.group_claim)
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    role = access.role_of(email, [str(group) for group in named])
    return Visitor(name, role, "known" if role else "unknown")


def _is_fresh(access: Access, issued: Any) -> bool:
    """Tell if the sign-in is young enough. One without an instant is not."""
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        return False
    age = datetime.now(UTC).timestamp() - issued
    return bool(-300 <= age <= access.session_hours * 3600)
