"""Door of a server whose pages need a sign-in and a right. Who a person is belongs to `orderhouse.access`."""

from __future__ import annotations

from typing import NamedTuple

from orderhouse.access.access_file import load_access
from orderhouse.access.sign_in import claims_of, load_sign_in
from orderhouse.access.visitors import visitor_of
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings

__all__ = ["Door", "Refusal", "public_names"]


class Refusal(NamedTuple):
    """Refusal of a request: status, reason, and the address of the sign-in where that helps."""

    status: int
    reason: str
    sign_in: str | None = None


def public_names(settings: Settings) -> tuple[str, ...]:
    """Return the names under which people reach the servers: without a sign-in those of this machine alone."""
    return settings.public_hosts if load_access(settings).is_oidc else ()


class Door:
    """Check of each request: the sign-in of the dashboards, and a right of the role.

    The access file is read again for each request, so that a right that was taken away ends at once.

    Args:
        settings: Settings of the home.
        action: The right that a role needs.
    """

    def __init__(self, settings: Settings, action: str) -> None:
        self.settings = settings
        self.action = action

    def refusal(self, cookies: str) -> Refusal | None:
        """Return the refusal of a request, or None if it may pass.

        Args:
            cookies: The `Cookie` header.
        """
        try:
            access = load_access(self.settings)
            if not access.is_oidc:
                return None
            sign_in = load_sign_in(self.settings)
        except OrderhouseError:  # the reason is for the log and `orderhouse access check`, not for strangers
            return Refusal(503, "The access of this server cannot be checked. Run `orderhouse access check`.")
        visitor = visitor_of(access, claims_of(sign_in, cookies))
        if visitor.role is None:
            return Refusal(401, "Sign in to the dashboards first.", f"{sign_in.origin}/")
        if not visitor.role.may(self.action):
            return Refusal(403, f"The role {visitor.role.name} does not have the right {self.action!r}.")
        return None
