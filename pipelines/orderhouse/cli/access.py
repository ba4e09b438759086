"""Commands about access, and the option by which commands that read run as a role.

Roles and people belong to `orderhouse.access`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.session import console, counted, grid, settings_of
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.access.access_file import Access
    from orderhouse.access.roles import Role
    from orderhouse.settings import Settings

__all__ = ["AsRole", "add_commands", "record_use", "role_given"]

# Actions that are recorded also where nobody signs in.
ALWAYS = ("export", "close_month", "close_month_refused")

AsRole = Annotated[
    str | None,
    typer.Option(
        "--as-role",
        metavar="ROLE",
        help="Read as this role. Default: all that is published, because this user can read the files anyway.",
    ),
]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    access = typer.Typer(help="Roles, people, and what they may see and do.", no_args_is_help=True)
    access.command()(check)
    app.add_typer(access, name="access")


def role_given(settings: Settings, name: str | None) -> Role:
    """Return the role of the option; the owner's without it.

    Raises:
        OrderhouseError: There is no such role, or the access file has a mistake.
    """
    from orderhouse.access.access_file import load_access
    from orderhouse.access.roles import OWNER

    return OWNER if name is None else load_access(settings).role_named(name)


def record_use(settings: Settings, as_role: str | None, action: str, subject: str, **detail: object) -> None:
    """Append what this user does to the audit log: exports and closings, refused ones too, and in mode oidc the rest.

    Raises:
        OrderhouseError: The log cannot be written. What it should record must not happen then.
    """
    from orderhouse.access.access_file import load_access
    from orderhouse.access.visitors import machine_user

    if action not in ALWAYS and not load_access(settings).is_oidc:
        return
    from orderhouse.operations.audit_log import record

    told = {**detail, "by": "command"}
    record(
        settings,
        actor=machine_user(),
        role=as_role or "admin",
        action=action,
        subject=subject,
        detail=told,
    )


def check(context: typer.Context) -> None:
    """Check the access file, and list the roles with what they may see and do."""
    from orderhouse.access.access_file import load_access
    from orderhouse.access.sign_in import load_sign_in
    from orderhouse.serve.publishing import current_version

    settings = settings_of(context)
    access = load_access(settings)
    if access.is_oidc:
        load_sign_in(settings)
    console.print(_heading(access), markup=False, soft_wrap=True)
    version = current_version(settings)
    rows = []
    problems = []
    for role in access.roles.values():
        try:
            tables = _tables(settings, role) if version else ""
        except OrderhouseError as error:
            tables = "wrong"
            problems.append(error.message)
        rows.append(
            (
                role.name,
                ", ".join(role.pages),
                ", ".join(role.actions),
                tables,
                "; ".join(f"{name}: {', '.join(values)}" for name, values in role.rows.items()) or "all",
                "yes" if role.exports else "no",
                "yes" if role.reveals else "no",
            )
        )
    console.print(grid("Roles", ("role", "pages", "actions", "tables", "rows", "exports", "reveals"), rows))
    if problems:
        raise OrderhouseError("\n".join(problems))


def _heading(access: Access) -> str:
    if not access.is_oidc:
        return (
            "Mode single-user: the pages are served on this machine only, and everybody who reaches them sees all. "
            f"Roles are used by `--as-role`. File: {access.path}"
        )
    return (
        f"Mode oidc: people sign in; {counted(len(access.people), 'person', 'people')} and "
        f"{counted(len(access.groups), 'group')} have a role. File: {access.path}"
    )


def _tables(settings: Settings, role: Role) -> str:
    from orderhouse.access.role_copies import tables_for
    from orderhouse.storage.readers import published_path

    return "all" if role.sees_everything else str(len(tables_for(settings, published_path(settings), role)))
