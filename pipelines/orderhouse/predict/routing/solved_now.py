"""Proposals for the open lines of the last build, under any policy, without storing them."""

from __future__ import annotations

import time
from datetime import datetime

import polars as pl

from orderhouse.errors import OrderhouseError
from orderhouse.predict.routing.proposing import propose
from orderhouse.predict.running import open_built_tables
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record

__all__ = ["solve_now"]


def solve_now(settings: Settings, policy: str) -> tuple[pl.DataFrame, float]:
    """Return the proposals and the processor seconds that they took. The caller holds the run lock.

    Raises:
        OrderhouseError: There is no finished build, or no policy of that name.
    """
    built = load_record(settings)
    if built is None or not built.is_whole:
        raise OrderhouseError(f"There is no finished build in {settings.home}. Run `orderhouse build` first.")
    with open_built_tables(settings) as connection:
        began = time.process_time()
        frame = propose(connection, datetime.fromisoformat(built.as_of), policy)
        return frame, time.process_time() - began
