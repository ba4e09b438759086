"""Commands about sources: check them without writing anything, and propose a sources file for new files.

The dry run belongs to `orderhouse.ingest.trial`, the proposal to `orderhouse.sources.proposals`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import typer

from orderhouse.cli.session import console, settings_of
from orderhouse.cli.source_trials import next_step, notes_on_money, notes_on_serves, print_trial
from orderhouse.cli.steps import Sources
from orderhouse.errors import OrderhouseError

__all__ = ["add_commands"]

source_commands = typer.Typer(help="Check the sources of feeds, and propose new ones.", no_args_is_help=True)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(source_commands, name="sources")


@source_commands.callback()
def group() -> None:
    """Check the sources of feeds, and propose new ones."""


@source_commands.command("check")
def check(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Name of one source. Default: all sources.")] = None,
    sources: Sources = None,
    file: Annotated[
        Path | None, typer.Option(help="A file or folder to read in place of the source's own files.")
    ] = None,
    rows: Annotated[bool, typer.Option("--rows/--no-rows", help="Show the first ten rows of each feed.")] = True,
    hide_values: Annotated[
        bool,
        typer.Option("--hide-values", help="Leave values that may be personal out of the reasons, to pass them on."),
    ] = False,
) -> None:
    """Read and screen every file of a source without loading it: rows, broken rules, keys, sums, unmapped words."""
    from orderhouse.ingest.trial import check_sources
    from orderhouse.sources.config.sources_file import load_sources

    settings = settings_of(context, sources=sources)
    with console.status("Reading the sources"):
        trials = check_sources(settings, name, file, hide_values=hide_values)
    declared = load_sources(settings.sources_file)
    for trial in trials:
        print_trial(trial, declared.sources[trial.source], rows=rows)
    for sentence in notes_on_serves(trials, declared.sources):
        console.print(sentence, markup=False, style="dim", soft_wrap=True)
    for sentence in notes_on_money(trials, declared):
        console.print(sentence, markup=False, style="dim")
    console.print(f"Nothing was loaded. {next_step(trials, settings.sources_file)}", markup=False, soft_wrap=True)
    without = [trial.source for trial in trials if trial.has_no_files]
    if without:
        raise OrderhouseError(f"No file was found for {', '.join(without)}. Correct `path` in {settings.sources_file}.")


@source_commands.command("new")
def new(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of files.", metavar="PATH…")],
    to: Annotated[Path, typer.Option("--to", help="The sources file to write.")] = Path("sources.yaml"),
    time_zone: Annotated[str, typer.Option(help="Zone of business days, and of times without an offset.")] = "UTC",
    currency: Annotated[str | None, typer.Option(help="Currency of amounts, where the files name none.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Look at files and propose a sources file for them: known formats, or a mapping with a comment on each guess."""
    from orderhouse.config_values import require_known
    from orderhouse.contracts.codes import CURRENCIES
    from orderhouse.sources.proposals.proposing import proposed

    if to.exists() and not force:
        raise OrderhouseError(f"{to} exists. Name another file with `--to`, or replace it with `--force`.")
    try:
        require_known("time zone", time_zone, available_timezones())
        if currency is not None:
            require_known("ISO-4217 currency", currency, CURRENCIES)
    except ValueError as error:
        raise OrderhouseError(f"{error}") from None
    with console.status("Reading the files"):
        found = proposed([path.absolute() for path in paths], to.absolute().parent, time_zone, currency)
    to.write_text(found.text, encoding="utf-8")
    for path, reason in found.left:
        console.print(f"Not proposed: {path}. {reason}", style="yellow", markup=False, soft_wrap=True)
    if not found.sources:
        raise OrderhouseError(f"No file fits a format or a feed. {to} lists the files and their columns, to be mapped.")
    console.print(
        f"Wrote {to}. Read the lines with `guess:`, then: orderhouse sources check --sources {to}", soft_wrap=True
    )
    check(context, sources=to, rows=False)
