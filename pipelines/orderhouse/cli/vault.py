"""Commands about the vault's keys. Values of people are never shown here."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from orderhouse.cli.session import console, settings_of
from orderhouse.errors import OrderhouseError

__all__ = ["add_commands"]

vault_commands = typer.Typer(no_args_is_help=True, help="Keys of the vault.")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(vault_commands, name="vault")


@vault_commands.command("status")
def vault_status(context: typer.Context) -> None:
    """Show the fingerprints of the present keys, and of those under which rows were received."""
    from orderhouse.storage.home_identity import recorded_key
    from orderhouse.vault.vault import load_keys

    settings = settings_of(context)
    if not settings.vault_keys.exists() and not settings.raw_db.exists():
        console.print(f"Nothing has been ingested into {settings.home} yet, so there is no vault.")
        return
    recorded = recorded_key(settings)
    present = load_keys(settings).fingerprint
    console.print(f"keys present   {present}")
    console.print(f"rows received  {recorded or 'under a key that was not recorded'}")
    if recorded not in (None, present):
        raise OrderhouseError(
            "The keys are not those under which the rows were received. Restore `vault/` from the backup of this "
            "home; if its key is lost for good, run `orderhouse vault adopt`."
        )


@vault_commands.command("adopt")
def vault_adopt(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Adopt without a question.")] = False,
) -> None:
    """Accept the present keys, or new ones if there are none, because the former ones are lost for good."""
    from orderhouse.storage.home_identity import begin_epoch
    from orderhouse.storage.warehouse import open_raw, run_lock
    from orderhouse.vault.vault import adopt_keys

    settings = settings_of(context)
    console.print(
        "With other keys the same person gets another token: customers seen before and after count as two, former "
        "originals cannot be read again, and an erasure must name both tokens.",
        soft_wrap=True,
    )
    if not yes and not typer.confirm("Are the former keys lost for good?"):
        raise OrderhouseError("Nothing was changed. Add `--yes` to adopt without a question.")
    with run_lock(settings, "vault adopt"), contextlib.closing(open_raw(settings)) as raw:
        keys = adopt_keys(settings)
        epoch = begin_epoch(raw, keys.fingerprint, "other vault keys")
    console.print(f"The keys {keys.fingerprint} are in force from epoch {epoch} on. Next: orderhouse run")
