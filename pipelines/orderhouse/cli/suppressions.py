"""Commands of suppressions: who is not written to, in and out as lists."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orderhouse.cli.access import role_given
from orderhouse.cli.session import console, counted, grid, settings_of

__all__ = ["add_commands"]

suppression_commands = typer.Typer(no_args_is_help=True, help="People who are not written to, by purpose.")

AsRole = Annotated[str | None, typer.Option("--as-role", metavar="ROLE", help="Act as this role.")]
Purpose = Annotated[str, typer.Option(help="Purpose of messages; all for all marketing.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(suppression_commands, name="suppressions")


@suppression_commands.command("list")
def suppressions_list(context: typer.Context) -> None:
    """Show the number of people by purpose."""
    from orderhouse.messages.suppressions import suppressions_of

    found = suppressions_of(settings_of(context)).by_purpose
    if not found:
        console.print("Nobody is suppressed.")
        return
    rows = [(purpose, len(tokens)) for purpose, tokens in sorted(found.items())]
    console.print(grid("Suppressions", ("purpose", "people"), rows, numbers=("people",)))


@suppression_commands.command("import")
def suppressions_import(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="One e-mail address, or its SHA-256, per line.")],
    purpose: Purpose = "all",
    as_role: AsRole = None,
) -> None:
    """Suppress the people of a file. Their tokens are kept, and no address."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.campaigns.addresses import import_suppressions

    settings = settings_of(context)
    role = role_given(settings, as_role)
    found = import_suppressions(settings, file, purpose, actor=machine_user(), role=role)
    console.print(f"{counted(found.lines, 'entry', 'entries')}, {found.new:,} of them new.")
    if found.unknown:
        console.print(
            f"{counted(found.unknown, 'hash', 'hashes')} belong to no known customer and could not be kept: an address "
            "cannot be told from its hash. Import the list again when there are new customers.",
            style="yellow", soft_wrap=True,
        )  # fmt: skip
    if found.wrong:
        lines = ", ".join(str(each) for each in found.wrong[:10])
        console.print(f"{file}: no address and no hash in line {lines}.", style="yellow", markup=False, soft_wrap=True)


@suppression_commands.command("export")
def suppressions_export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    purpose: Purpose = "all",
    plain: Annotated[bool, typer.Option("--plain", help="Write addresses instead of their SHA-256.")] = False,
    reason: Annotated[str, typer.Option(help="Why plain addresses leave this home.")] = "",
    as_role: AsRole = None,
) -> None:
    """Write the addresses that are suppressed, hashed unless stated. It is recorded."""
    from orderhouse.access.visitors import machine_user
    from orderhouse.campaigns.addresses import export_suppressions

    settings = settings_of(context)
    count = export_suppressions(
        settings, file, purpose, plain=plain, reason=reason, actor=machine_user(), role=role_given(settings, as_role)
    )
    console.print(f"{counted(count, 'address', 'addresses')} in {file}.", markup=False, soft_wrap=True)
