"""Commands about the vault's keys. Values of people are never shown here."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from orderhouse.cli.session import console, progress_bar, settings_of
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
    from orderhouse.vault.keys import is_sealed, load_keys

    settings = settings_of(context)
    if not settings.vault_keys.exists() and not settings.raw_db.exists():
        console.print(f"Nothing has been ingested into {settings.home} yet, so there is no vault.")
        return
    recorded = recorded_key(settings)
    present = load_keys(settings).fingerprint
    console.print(f"keys present   {present}")
    console.print(f"stored         {'sealed under the master key' if is_sealed(settings) else 'not sealed'}")
    console.print(f"rows received  {recorded or 'under a key that was not recorded'}")
    if recorded not in (None, present):
        raise OrderhouseError(
            "The keys are not those under which the rows were received. Restore `vault/` from the backup of this "
            "home; if its key is lost for good, run `orderhouse vault adopt`."
        )


@vault_commands.command("public-key")
def vault_public_key(
    context: typer.Context,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write. Default: the screen.")] = None,
) -> None:
    """Write the public key, with which `verify --key` checks this home's exports on any machine."""
    from orderhouse.vault.keys import load_keys
    from orderhouse.vault.signing import public_key_text

    settings = settings_of(context)
    if not settings.vault_keys.exists():
        raise OrderhouseError(f"{settings.home} has no vault keys yet. They are made by the first run.")
    text = public_key_text(load_keys(settings))
    if output is None:
        console.print(text, end="")
    else:
        output.write_text(text, encoding="ascii")
        console.print(f"Wrote the public key to {output}.")


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


@vault_commands.command("rotate")
def vault_rotate(
    context: typer.Context,
    former_master: Annotated[
        Path | None,
        typer.Option(
            help="File of the master key under which the keys are still sealed, if it changes.", metavar="FILE"
        ),
    ] = None,
) -> None:
    """Exchange the key of the retained originals, and seal the keys under the configured master key. Tokens stay."""
    from orderhouse.storage.warehouse import run_lock
    from orderhouse.vault.keys import is_sealed, master_key_in
    from orderhouse.vault.rotation import Rotation, originals_to_seal, rotate

    settings = settings_of(context)
    if not settings.vault_keys.exists():
        raise OrderhouseError(f"{settings.home} has no vault keys yet. They are made by the first run.")
    former = None if former_master is None else master_key_in(former_master)
    with run_lock(settings, "vault rotate"), progress_bar() as progress:
        task = progress.add_task("Sealing originals", total=len(originals_to_seal(settings)))
        result = Rotation()
        for result in rotate(settings, former_master=former):
            progress.update(task, completed=result.seen)
    console.print(f"{result.sealed:,} originals are sealed under a new key. Tokens are unchanged.")
    console.print(f"The keys are {'sealed under the master key' if is_sealed(settings) else 'stored unsealed'}.")
    if result.damaged:
        raise OrderhouseError(
            f"No key opens {len(result.damaged):,} originals, so they were damaged before: "
            f"{', '.join(result.damaged[:3])}{' …' if len(result.damaged) > 3 else ''}. Restore them from a backup."
        )
