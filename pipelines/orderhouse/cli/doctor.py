"""Command that checks a home, and repairs what can be made again. The work belongs to `orderhouse.doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.session import console, counted, settings_of

if TYPE_CHECKING:
    from orderhouse.doctor.findings import Finding

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(doctor)


def doctor(
    context: typer.Context,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Build derived files again, correct permissions, remove leftovers. Never changes rows or the vault.",
        ),
    ] = False,
) -> None:
    """Check every file of the home: read every block, compare hashes, counts, keys and identities.

    Ends with 0 if the home is healthy, 1 if something was found, 3 if a run is busy.
    """
    from orderhouse.doctor.examining import examine

    settings = settings_of(context)
    with console.status("Examining") as status:
        found = examine(settings, repairs=repair, say=status.update)
    for sentence in found.repaired:
        console.print(sentence, markup=False, soft_wrap=True)
    for finding in found.hints:
        _print(finding, "yellow")
    for finding in found.findings:
        _print(finding, "red")
    if found.findings:
        console.print(f"{counted(len(found.findings), 'finding')} in {settings.home}.", markup=False, soft_wrap=True)
        raise typer.Exit(1)
    console.print(f"{settings.home} is healthy.", markup=False, soft_wrap=True)


def _print(finding: Finding, style: str) -> None:
    console.print(finding.where, style=style, markup=False, soft_wrap=True)
    console.print(f"  {finding.what} {finding.cure}", markup=False, soft_wrap=True)
