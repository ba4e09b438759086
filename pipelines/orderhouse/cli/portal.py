"""Commands that serve the portal for customers, and manage its API keys. The server belongs to `orderhouse.portal`."""

from __future__ import annotations

from typing import Annotated

import typer

from orderhouse.cli.session import console, error_console, grid, settings_of, warn_of_plain_http

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    portal = typer.Typer(help="Tracking pages for customers, and orders for programs.", invoke_without_command=True)
    portal.callback()(serve_portal)
    keys = typer.Typer(help="API keys, each of one role.", no_args_is_help=True)
    for command, name in ((create, "create"), (list_, "list"), (revoke, "revoke")):
        keys.command(name)(command)
    portal.add_typer(keys, name="keys")
    app.add_typer(portal, name="portal")


def serve_portal(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8760,
    host: Annotated[str, typer.Option(help="Address to listen on. Default: this machine only.")] = "127.0.0.1",
    workers: Annotated[int | None, typer.Option(help="Processes that serve. Default: `portal_workers`.")] = None,
) -> None:
    """Serve tracking pages for customers, and orders for programs with a key. Ctrl-C ends it."""
    if context.invoked_subcommand is not None:
        return
    from orderhouse.portal import serve

    settings = settings_of(context, portal_workers=workers)
    warn_of_plain_http(host)

    def print_address(address: str) -> None:
        console.print(f"{address}/track/<tracking id>", markup=False, soft_wrap=True)
        console.print("Ctrl-C ends it.")
        console.file.flush()

    serve(settings, host, port, ready=print_address)


def create(
    context: typer.Context,
    role: Annotated[str, typer.Option(help="The role that the key reads as.")],
    name: Annotated[str, typer.Option(help="Whom the key is for.")],
) -> None:
    """Make a key. It is shown once."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.portal.keys import create_key

    key, secret = create_key(settings_of(context), role=role, name=name, who=machine_user())
    console.print(secret, markup=False, soft_wrap=True)
    error_console.print(
        f"Key {key.key_id} reads as {key.role}. Keep it now: only its hash is stored, and it is not shown again.",
        markup=False,
        soft_wrap=True,
    )


def list_(context: typer.Context) -> None:
    """List all keys, the newest first, without their secrets."""
    from orderhouse.portal.keys import list_keys

    rows = [
        (key.key_id, key.name, key.role, key.created_at, key.created_by, key.revoked_at or "")
        for key in list_keys(settings_of(context))
    ]
    console.print(grid(None, ("key", "for", "role", "created", "by", "revoked"), rows))


def revoke(
    context: typer.Context, key: Annotated[str, typer.Argument(help="The id of the key, as `keys list` shows it.")]
) -> None:
    """Revoke a key for good. Its next request is refused."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.portal.keys import revoke_key

    found = revoke_key(settings_of(context), key, who=machine_user())
    console.print(f"Revoked {found.key_id}, which was for {found.name}.", markup=False, soft_wrap=True)
