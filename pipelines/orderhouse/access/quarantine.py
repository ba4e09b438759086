"""Right of a role to see rows in quarantine, and to decide about them."""

from __future__ import annotations

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError

__all__ = ["refuse_role"]


def refuse_role(role: Role, *, decides: bool = False) -> None:
    """Refuse a role that may not see the quarantine, or decide about its rows.

    Rows in quarantine hold every column of their feed as received, and belong to no channel or country yet.

    Raises:
        OrderhouseError: The role may not.
    """
    if not role.reads("quality.quarantine") or role.rows or role.columns or role.hidden_columns:
        raise OrderhouseError(
            f"The role {role.name} may not see the quarantine, whose rows hold every column of every feed. "
            "Only roles that read quality.quarantine with all rows and columns may."
        )
    if decides and not role.may("repair"):
        raise OrderhouseError(f"The role {role.name} may not decide about rows in quarantine: it lacks `repair`.")
