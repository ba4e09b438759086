"""Homes in which mutants are computed: a chaotic one, and a simulated one with every feed, payouts included."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from orderhouse.settings import Settings
from orderhouse.transform.dbt import project_folder, target_folder

from tests.integration.running import run_orderhouse
from tests.mutation.compiled import compiled_project
from tests.oracle.chaos import AS_OF, write_chaos
from tests.oracle.simulated import write_simulated

__all__ = ["build_homes"]

CHAOTIC, SIMULATED = range(5), range(1, 4)
# An instant within the simulated worlds' last days, so that something is still under way.
SIMULATED_AS_OF = "2026-06-28T12:00:00Z"


def build_homes(folder: Path) -> dict[str, Path]:
    """Build the homes that are missing in a folder, and return them by the kind of their worlds."""
    homes = {"chaotic": folder / "chaotic", "simulated": folder / "simulated"}
    definitions = _definitions()
    for worlds, home in homes.items():
        built = home / "definitions"
        if built.exists() and built.read_text() == definitions:
            continue
        shutil.rmtree(home, ignore_errors=True)
        sources, as_of = _write(worlds, home / "worlds")
        run_orderhouse("ingest", "--sources", str(sources), home=home)
        run_orderhouse("build", "--sources", str(sources), "--as-of", as_of, home=home)
        built.write_text(definitions)
    first, *others = homes.values()
    compiled_project(first)
    for home in others:  # compiled texts hold marks for the values of a build, and the settings are the same
        for pattern in ("compiled-*.json", "checks-*.json"):
            for file in target_folder(Settings(home=first)).glob(pattern):
                shutil.copy(file, target_folder(Settings(home=home)))
    return homes


def _definitions() -> str:
    """Return a hash of the queries, macros and seeds; tests of models do not change a table."""
    files = sorted(each for ending in ("sql", "csv") for each in project_folder().rglob(f"*.{ending}"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _write(worlds: str, folder: Path) -> tuple[Path, str]:
    if worlds == "chaotic":
        return write_chaos(folder, CHAOTIC), AS_OF
    return write_simulated(folder, SIMULATED), SIMULATED_AS_OF
