"""Commands of backups: take, list, verify and prune them, and restore a home.

The work belongs to `orderhouse.backup`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from orderhouse.cli.session import console, counted, grid, settings_of
from orderhouse.errors import OrderhouseError

__all__ = ["add_commands", "backup_commands"]

TAKE = "take"

Place = Annotated[str, typer.Argument(help="A folder on another disk, or s3://bucket/folder.", metavar="PLACE")]


class _TakesByDefault(TyperGroup):
    """Group in which `backup PLACE` means `backup take PLACE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = next((word for word in args if not word.startswith("-")), None)
        if first is not None and first not in self.commands:
            args = [TAKE, *args]
        return super().parse_args(ctx, args)


backup_commands = typer.Typer(
    cls=_TakesByDefault,
    no_args_is_help=True,
    help="Back up the home: `orderhouse backup PLACE`. Runs may go on.",
)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(backup_commands, name="backup")
    app.command()(restore)


@backup_commands.command(TAKE)
def take(
    context: typer.Context,
    place: Place,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a run that is going on.")] = 3600.0,
) -> None:
    """Take a backup: `orderhouse backup PLACE` does the same. Only what is new is stored."""
    from orderhouse.backup.taking import back_up

    settings = settings_of(context)
    with console.status("Backing up") as status:
        taken = back_up(settings, place, wait_seconds=wait, say=status.update)
    manifest = taken.manifest
    console.print(
        f"Backup {manifest.backup_id}: {counted(len(manifest.files), 'file')}, {manifest.size_bytes / 1e6:,.1f} MB, of "
        f"which {counted(taken.new_files, 'file')} with {taken.new_bytes / 1e6:,.1f} MB are new or changed.",
        soft_wrap=True,
    )
    console.print("It holds personal data and the vault's keys. Only its owner may read it; keep it that way.")
    console.print(f"Next: orderhouse backup verify {place}", soft_wrap=True, markup=False)


@backup_commands.command("list")
def list_(context: typer.Context, place: Place) -> None:
    """List the backups of a place, newest first."""
    from orderhouse.backup.keeping import list_backups

    found, problems = list_backups(place)
    rows = (
        (each.backup_id, each.batch_id, each.published.number if each.published else None,
         len(each.files), round(each.size_bytes / 1e6, 1), each.program)
        for each in found
    )  # fmt: skip
    columns = ("backup", "batch", "version", "files", "MB", "release")
    if found:
        console.print(grid(None, columns, rows, numbers=("batch", "version", "files", "MB")))
        console.print(f"Restore one: orderhouse restore {place} --backup ID --to HOME", markup=False, soft_wrap=True)
    elif not problems:
        console.print(f"There is no backup in {place}.", markup=False)
    if problems:
        raise OrderhouseError("\n".join(problems))


@backup_commands.command()
def verify(
    context: typer.Context,
    place: Place,
    backup: Annotated[str | None, typer.Option(help="Id of one backup. Default: all.")] = None,
) -> None:
    """Read every chunk and compare it with its hash."""
    from orderhouse.backup.keeping import verify_backups

    with console.status("Reading") as status:
        result = verify_backups(place, backup, say=status.update)
    if result.problems:
        raise OrderhouseError("\n".join(result.problems), exit_code=1)
    console.print(f"{counted(len(result.checked), 'backup')} with {counted(result.chunks, 'chunk')}: all as written.")


@backup_commands.command()
def prune(
    context: typer.Context,
    place: Place,
    keep: Annotated[int, typer.Option(help="Number of backups to keep, the newest ones.")],
) -> None:
    """Remove old backups, with the chunks that no backup that is kept needs."""
    from orderhouse.backup.keeping import prune as remove

    done = remove(place, keep)
    console.print(
        f"Removed {counted(len(done.removed), 'backup')} and {counted(done.chunks, 'chunk')}; kept {len(done.kept):,}."
    )


def restore(
    context: typer.Context,
    place: Annotated[str, typer.Argument(help="The place of the backups.", metavar="PLACE")],
    to: Annotated[Path, typer.Option("--to", help="The home to fill: an empty or new folder.")],
    backup: Annotated[str | None, typer.Option(help="Id of the backup. Default: the newest.")] = None,
    erased: Annotated[
        Path | None, typer.Option(help="A surviving `erased_tokens` of the home, with erasures that are to be obeyed.")
    ] = None,
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Go on though rebuilt tables differ from the backup's.")
    ] = False,
) -> None:
    """Restore an empty home from a backup: verify, put back, rebuild the tables, and compare them."""
    from orderhouse.backup.restoring import restore as put_back
    from orderhouse.settings import load_settings
    from orderhouse.vault.erased_list import read_erased

    settings = load_settings(home=to)
    if erased is not None and not erased.is_file():
        raise OrderhouseError(f"There is no file {erased}.")
    tokens = read_erased(erased) if erased else set()
    with console.status("Reading the backup") as status:
        done = put_back(
            settings,
            place,
            backup_id=backup,
            erased=tokens,
            accept_differences=accept_differences,
            say=status.update,
        )
    manifest = done.manifest
    console.print(f"Restored the backup {manifest.backup_id} into {settings.home}.", markup=False, soft_wrap=True)
    if done.obeyed:
        console.print(f"Obeyed erasures that were made after it: {counted(done.obeyed, 'personal value')}.")
    if done.rebuilt is not None:
        _print_comparison(done.rebuilt)
    for note in done.notes:
        console.print(note, markup=False, style="yellow", soft_wrap=True)
    if done.sources is not None:
        console.print(f"The sources file is {done.sources}.", markup=False, soft_wrap=True)
    console.print(f"Next: orderhouse run --home {settings.home}", markup=False, soft_wrap=True)


def _print_comparison(rebuilt: Any) -> None:
    if rebuilt.differences:
        cause = f" because this changed: {', '.join(rebuilt.changed)}" if rebuilt.changed else ""
        console.print(f"{counted(len(rebuilt.differences), 'table')} of {rebuilt.compared:,} differ{cause}:")
        for sentence in rebuilt.differences:
            console.print(f"  {sentence}", markup=False, style="yellow")
    elif rebuilt.compared:
        console.print(f"Rebuilt the tables: {rebuilt.compared:,} of {rebuilt.compared:,} are those of the backup.")
