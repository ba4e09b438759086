"""Revealing of personal data to a person with the right, for a stated reason, recorded before it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import record
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import run_lock
from orderhouse.vault.vault import open_vault

__all__ = ["require_reveal", "reveal"]

LEAST_REASON = 5


def reveal(settings: Settings, *, actor: str, role: Role, tokens: Sequence[str], reason: str) -> dict[str, str]:
    """Return the personal values of tokens; those of erased people are missing.

    Args:
        settings: Settings of the home.
        actor: Name of the person.
        role: The role of the person.
        tokens: Tokens of rows that the person sees.
        reason: The stated reason.

    Raises:
        OrderhouseError: The role may not reveal, the reason is missing, or a run has the vault open.
    """
    require_reveal(role, reason)
    for token in tokens:
        record(settings, actor=actor, role=role.name, action="reveal", subject=token, detail={"why": reason.strip()})
    with run_lock(settings, "reveal"), open_vault(settings) as vault:
        return vault.reveal(tokens)


def require_reveal(role: Role, reason: str) -> None:
    """Refuse a role that may not reveal personal data, and a reason that says nothing.

    Raises:
        OrderhouseError: The role may not reveal, or the reason is missing.
    """
    if not role.reveals:
        raise OrderhouseError(
            f"The role {role.name} may not see personal data. That needs `reveals: true` in access.yaml."
        )
    if len(reason.strip()) < LEAST_REASON:
        raise OrderhouseError(f"State the reason in {LEAST_REASON} characters at least.")
