"""Command that serves Dagster's pages and its daemon on this machine."""

from __future__ import annotations

import sys

from orderhouse.packaged import packaged
from orderhouse.settings import Settings

from orderhouse_dagster.instance import prepare_instance

__all__ = ["server_command"]


def server_command(settings: Settings, port: int) -> tuple[list[str], dict[str, str]]:
    """Return the command of web server and daemon, which share one code server, and its environment variables."""
    workspace = packaged("workspace.yaml")
    options = ["--workspace", str(workspace), "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    return [sys.executable, "-m", "dagster", "dev", *options], {"DAGSTER_HOME": str(prepare_instance(settings))}
