"""The command that erases a person."""

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

WAYS = ("customer_id", "email", "token")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(erase)


def erase(
    context: typer.Context,
    customer: Annotated[str, typer.Argument(help="A customer number, an e-mail address or a token.")],
    by: Annotated[str | None, typer.Option(help="customer_id, email or token; else told by its look.")] = None,
    why: Annotated[str | None, typer.Option(help="For the record. Nothing personal belongs here.")] = None,
    drop_originals: Annotated[
        bool, typer.Option("--drop-originals", help="Keep no original that holds them, instead of redacting it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    sources: Sources = None,
) -> None:
    """Erase a person: their values leave the vault and the retained originals for good. No total changes."""
    from orderhouse.erasure import erase as erase_person
    from orderhouse.erasure import look_up

    settings = settings_of(context, sources=sources)
    way = _way(customer, by)
    if not yes:
        _say_found(look_up(settings, customer, way))
        if not sys.stdin.isatty():
            raise OrderhouseError("Nothing was erased. Say --yes to erase without being asked.")
        typer.confirm("Erase them? This cannot be undone.", abort=True)
    _say_erased(erase_person(settings, customer, way, why=why, drop_originals=drop_originals))


def _way(customer: str, by: str | None) -> By:
    way = by or ("email" if "@" in customer else "token" if re.fullmatch("[0-9a-f]{32}", customer) else "customer_id")
    if way == "customer_id":
        return "customer_id"
    if way == "email":
        return "email"
    if way == "token":
        return "token"
    raise OrderhouseError(f"--by takes {', '.join(WAYS)}, and no {way!r}.")


def _say_found(person: Person) -> None:
    console.print(
        f"Found {counted(len(person.customer_ids), 'customer number')}, {counted(person.orders, 'order')}, "
        f"{counted(len(person.tokens), 'personal value')}."
    )
    if person.shared:
        console.print(
            f"{counted(person.shared, 'of these values is', 'of these values are')} also found with other people "
            "(a name, an address): nobody will be able to see it there either.",
            soft_wrap=True,
        )


def _say_erased(erasure: Erasure) -> None:
    originals = erasure.originals
    if not (erasure.values or originals.redacted or originals.dropped or erasure.webhooks):
        console.print("They were erased already; there was nothing left to erase.")
    else:
        console.print(
            f"Erased {counted(erasure.values, 'value')} of {counted(erasure.person.orders, 'order')}. Retained "
            f"originals: {originals.redacted:,} redacted, {originals.dropped:,} no longer kept. Landed webhooks: "
            f"{erasure.webhooks:,} deleted. No total has changed.",
            soft_wrap=True,
        )
    if erasure.elsewhere:
        console.print("Their values came from these files, which are yours and were not touched:")
        for path in erasure.elsewhere:
            console.print(f"  {path}", markup=False, soft_wrap=True)
