"""Command of the campaign: `python -m tests.mutation.run --to docs/mutation.md`.

Homes and outcomes are kept in a folder, so that a campaign that was stopped goes on where it was. `--again survived`
judges the survivors anew, after a test was added.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

from tests.mutation.campaign import Campaign, holding, read_outcomes
from tests.mutation.compiled import compiled_project
from tests.mutation.homes import build_homes
from tests.mutation.mutants import Queries
from tests.mutation.page import page_of
from tests.provenance import measured_commit

__all__ = ["main"]


def main() -> None:
    """Judge the mutants and write the page."""
    parser = argparse.ArgumentParser(prog="tests.mutation.run", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="homes and outcomes are kept here")
    parser.add_argument("--to", type=Path, help="the page")
    parser.add_argument("--models", nargs="*", default=(), help="models; all without it")
    parser.add_argument("--again", nargs="*", default=(), help="results that are found again, such as survived")
    parser.add_argument("--draws", type=int, default=1, help="places per model and kind")
    parser.add_argument("--page-only", action="store_true", help="judge nothing; write the page from known outcomes")
    given = parser.parse_args()
    commit = measured_commit() if given.to else ""
    file = given.folder / "outcomes.ndjson"
    given.folder.mkdir(parents=True, exist_ok=True)
    homes = build_homes(given.folder)
    project = compiled_project(homes["chaotic"])
    queries = Queries(project)
    mutants = {str(mutant): mutant for draw in range(given.draws) for mutant in queries.mutants(draw)}
    if not given.page_only:
        # In an order that mixes the models, so that a campaign that is stopped has judged a sample of all of them.
        mixed = [mutants[name] for name in sorted(mutants, key=lambda name: hashlib.sha256(name.encode()).digest())]
        chosen = [mutant for mutant in mixed if not given.models or mutant.model in given.models]
        began = time.monotonic()
        for number, outcome in enumerate(Campaign(homes).run(chosen, file, set(given.again))):
            print(f"{number:5} {time.monotonic() - began:6.0f} s  {outcome.mutant}: {outcome.result}", flush=True)
    if given.to:
        outcomes = holding(queries, read_outcomes(file))
        given.to.write_text(page_of(list(mutants.values()), outcomes, project.layers, commit), encoding="utf-8")


if __name__ == "__main__":
    main()
