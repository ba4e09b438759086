"""Command that serves the webhook intake. The server belongs to `orderhouse.intake`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from orderhouse.cli.session import console, settings_of, warn_of_plain_http
from orderhouse.cli.steps import Sources

__all__ = ["add_commands"]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(intake)


def intake(
    context: typer.Context,
    sources: Sources = None,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8750,
    host: Annotated[str, typer.Option(help="Address to listen on. Default: this machine only.")] = "127.0.0.1",
) -> None:
    """Receive webhooks, check their signatures and land them as files for the next run. Ctrl-C ends it."""
    from orderhouse.intake import receivers, serve
    from orderhouse.sources.config.sources_file import load_sources

    settings = settings_of(context, sources=sources)
    found = receivers(load_sources(settings.sources_file), os.environ)
    warn_of_plain_http(host)

    def print_addresses(address: str) -> None:
        for receiver in found.values():
            console.print(
                f"{address}/webhooks/{receiver.name} ({receiver.kind}) lands in {receiver.place.folder}",
                markup=False,
                soft_wrap=True,
            )
        console.print("Ctrl-C ends it.")
        console.file.flush()

    serve(settings, found, host, port, ready=print_addresses)
