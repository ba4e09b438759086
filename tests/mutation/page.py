"""The page of a campaign: catch rates by folder and by kind, and every survivor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tests.mutation.campaign import CAUGHT, Outcome
from tests.mutation.judged import EQUIVALENT, JUDGED
from tests.mutation.mutants import Mutant

__all__ = ["page_of"]

INTRODUCTION = """# Mutation tests

Every model is changed in one small place at a time, and the checks have to notice. The page is written by
`python -m tests.mutation.run`; the changes are in `tests/mutation/changes.py`.

A mutant is one change of one kind at one place of one model. It is computed in memory over a chaotic world and, if
nothing notices, over a simulated one: the changed model, then everything that reads a table which came out different.
The first check that notices it counts, in the order of the columns:

- **unit test**: a unit test of dbt with the same change in the model's query;
- **oracle**: a cell of a mart that the oracle computes differently;
- **identity**: a data test in a file of its own, whose name is a sentence;
- **data test**: a generic test of a column.

A **survivor** changes a table that people read, and no check notices. It is *equivalent* if no accepted rows could make
the difference wrong, else it is a gap. A mutant that is **not reached** changes no such table in either world: it is
equivalent, or it needs rows that neither world has, or it concerns increments, which both worlds do without. Mutants
that are no valid query, or that take more than twenty seconds, are left out.
"""


def page_of(mutants: Sequence[Mutant], outcomes: Iterable[Outcome], layers: Mapping[str, str], commit: str) -> str:
    """Return the page as Markdown. The mutants are those of the models at a commit."""
    chosen = {str(mutant): mutant for mutant in mutants}
    found = {outcome.mutant: outcome for outcome in outcomes if outcome.mutant in chosen}
    by_folder: dict[str, Counter[str]] = {}
    by_kind: dict[str, Counter[str]] = {}
    for name, outcome in found.items():
        result = _result(outcome)
        by_folder.setdefault(layers[chosen[name].model], Counter())[result] += 1
        by_kind.setdefault(chosen[name].kind, Counter())[result] += 1
    all_results = sum(by_kind.values(), Counter())
    survivors = [each for each in found.values() if each.result == "survived"]
    unreached = [each for each in found.values() if each.result == "unreached"]
    return "\n".join(
        [
            INTRODUCTION,
            f"{sum(all_results.values()):,} of {len(chosen):,} mutants are judged. Of those that are reached and not "
            f"equivalent, {_rate(all_results)} are caught. The models are those of commit `{commit}`.",
            "",
            "## By folder",
            "",
            *_table("folder", dict(sorted(by_folder.items())) | {"all": all_results}),
            "",
            "## By kind",
            "",
            *_table("kind", by_kind),
            "",
            "## Survivors",
            "",
            *_survivors(survivors),
            "",
            "## Not reached",
            "",
            *_places(unreached),
            "",
        ]
    )


def _result(outcome: Outcome) -> str:
    if outcome.result == "survived" and JUDGED.get(outcome.mutant, "").startswith(EQUIVALENT):
        return EQUIVALENT
    return outcome.result


def _table(first: str, rows: Mapping[str, Counter[str]]) -> list[str]:
    lines = [
        f"| {first} | mutants | {' | '.join(CAUGHT)} | survived | equivalent | not reached | left out | caught |",
        "|---|" + "---:|" * (len(CAUGHT) + 6),
    ]
    for name, results in rows.items():
        cells = [
            sum(results.values()),
            *(results[check] for check in CAUGHT),
            results["survived"],
            results[EQUIVALENT],
            results["unreached"],
            results["broken"] + results["slow"],
        ]
        lines.append(f"| {name} | {' | '.join(str(cell) for cell in cells)} | {_rate(results)} |")
    return lines


def _rate(results: Counter[str]) -> str:
    caught = sum(results[check] for check in CAUGHT)
    judged = caught + results["survived"]
    return f"{100 * caught / judged:.1f} %" if judged else "–"


def _survivors(outcomes: Sequence[Outcome]) -> list[str]:
    lines = ["| mutant | before | after | tables | judgement |", "|---|---|---|---|---|"]
    for each in sorted(outcomes, key=lambda outcome: outcome.mutant):
        judgement = JUDGED.get(each.mutant, "gap")
        lines.append(f"| {each.mutant} | {_code(each.before)} | {_code(each.after)} | {each.by} | {judgement} |")
    return lines


def _places(outcomes: Sequence[Outcome]) -> list[str]:
    lines = ["| mutant | before | after |", "|---|---|---|"]
    for each in sorted(outcomes, key=lambda outcome: outcome.mutant):
        lines.append(f"| {each.mutant} | {_code(each.before)} | {_code(each.after)} |")
    return lines


def _code(text: str) -> str:
    shown = " ".join(text.replace("|", "\\|").replace("`", "'").split())
    return f"`{shown}`"
