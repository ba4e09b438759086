"""The command that takes webhooks."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from orderhouse.cli.session import console, error_console, settings_of
from orderhouse.cli.steps import Sources

__all__ = ["add_commands"]

THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(intake)


def intake(
    context: typer.Context,
    sources: Sources = None,
    port: Annotated[int, typer.Option(help="Listen on this port.")] = 8750,
    host: Annotated[str, typer.Option(help="Listen on this address; by default this machine only.")] = "127.0.0.1",
) -> None:
    """Take webhooks: check who sent them and land them as files, which the next run takes in. Ctrl-C ends it."""
    from orderhouse.intake import receivers, serve
    from orderhouse.sources.config.declaration import load_sources

    settings = settings_of(context, sources=sources)
    found = receivers(load_sources(settings.sources_file), os.environ)
    if host not in THIS_MACHINE:
        error_console.print(
            f"Warning: {host} can be reached from other machines, and this server speaks plain HTTP. Let only a proxy "
            "that ends TLS reach it.",
            style="yellow",
            soft_wrap=True,
        )

    def say(address: str) -> None:
        for receiver in found.values():
            console.print(
                f"{address}/webhooks/{receiver.name} ({receiver.kind}) lands in {receiver.place.folder}",
                markup=False,
                soft_wrap=True,
            )
        console.print("Ctrl-C ends it.")
        console.file.flush()

    serve(settings, found, host, port, ready=say)
