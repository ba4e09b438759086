"""Command that erases a person. The steps of an erasure belong to `orderhouse.erasure`."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from orderhouse.cli.session import console, counted, settings_of
from orderhouse.cli.steps import Sources
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.erasure import By, Erasure, Person

__all__ = ["add_commands"]

KINDS = ("customer_id", "email", "token")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(erase)


def erase(
    context: typer.Context,
    customer: Annotated[str, typer.Argument(help="A customer number, an e-mail address or a token.")],
    by: Annotated[
        str | None, typer.Option(help="customer_id, email or token. Default: recognised by its form.")
    ] = None,
    why: Annotated[str | None, typer.Option(help="Reason, for the record. Write nothing personal.")] = None,
    drop_originals: Annotated[
        bool, typer.Option("--drop-originals", help="Delete originals that contain them, instead of redacting them.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    sources: Sources = None,
) -> None:
    """Erase a person: delete their values from the vault and the retained originals. No total changes."""
    from orderhouse.backup.erased_tokens import announce_erasures
    from orderhouse.erasure import erase as erase_person
    from orderhouse.erasure import look_up

    settings = settings_of(context, sources=sources)
    kind = _kind(customer, by)
    if not yes:
        _print_found(look_up(settings, customer, kind))
        if not sys.stdin.isatty():
            raise OrderhouseError("Nothing was erased. Add `--yes` to erase without a question.")
        typer.confirm("Erase them? This cannot be undone.", abort=True)
    erased = erase_person(settings, customer, kind, why=why, drop_originals=drop_originals)
    out_of_reach = announce_erasures(settings)
    _print_erased(erased)
    for place in out_of_reach:
        console.print(
            f"The backups in {place} are out of reach and do not know of this erasure. A restore from them would bring "
            f"the values back. Run `orderhouse backup {place}` once it can be reached.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )


def _kind(customer: str, by: str | None) -> By:
    kind = by or ("email" if "@" in customer else "token" if re.fullmatch("[0-9a-f]{32}", customer) else "customer_id")
    if kind == "customer_id":
        return "customer_id"
    if kind == "email":
        return "email"
    if kind == "token":
        return "token"
    raise OrderhouseError(f"`--by` takes {', '.join(KINDS)}, not {kind!r}.")


def _print_found(person: Person) -> None:
    console.print(
        f"Found {counted(len(person.customer_ids), 'customer number')}, {counted(person.orders, 'order')}, "
        f"{counted(len(person.tokens), 'personal value')}."
    )
    if person.shared:
        console.print(
            f"{counted(person.shared, 'of these values also belongs', 'of these values also belong')} to other people "
            "(a name, an address). They will be erased there too.",
            soft_wrap=True,
        )


def _print_erased(erasure: Erasure) -> None:
    originals = erasure.originals
    if not (erasure.values or originals.redacted or originals.dropped or erasure.webhooks):
        console.print("They were erased before. Nothing was left to erase.")
    else:
        console.print(
            f"Erased {counted(erasure.values, 'value')} of {counted(erasure.person.orders, 'order')}. Retained "
            f"originals: {originals.redacted:,} redacted, {originals.dropped:,} deleted. Landed webhooks: "
            f"{erasure.webhooks:,} deleted. No total has changed.",
            soft_wrap=True,
        )
    if erasure.elsewhere:
        console.print("These files of yours contain their values and were not changed:")
        for path in erasure.elsewhere:
            console.print(f"  {path}", markup=False, soft_wrap=True)
