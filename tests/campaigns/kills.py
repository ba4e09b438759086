"""Campaign of kills: a home that is killed again and again ends like one that never was.

A unit is the life of one home: files are delivered and received, a person is erased, the whole job runs, and the home
is backed up and restored. Each step is killed several times at a random moment before it may end. Then the received
rows, the vault, the originals and the published tables are compared with those of a life without kills, and those of
the restored home with both.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from orderhouse.settings import load_settings
from orderhouse.vault.keys import load_keys

from tests.campaigns.record import carry_on, sums
from tests.ingest.landing import Landing
from tests.integration.published_tables import differing_tables, table_hashes
from tests.integration.running import published_file, share_parsed_project
from tests.properties.killing import KILLED, PROCESSES, content_of, deliver, ended, load, start, whole_run

AS_OF = "2026-07-01T00:00:00Z"
# Share of the usual seconds of a step within which it is killed; a busy machine lets fewer of them end before.
MOMENTS = 0.8
ERASED = "person3@example.com"


def erase_person(home: str, sources: str, _: str) -> None:
    """Erase one person in this process."""
    from orderhouse.erasure import erase

    erase(load_settings(home=Path(home), sources=Path(sources)), ERASED, "email")


def back_up_home(home: str, sources: str, _: str) -> None:
    """Take a backup of the home in this process."""
    from orderhouse.backup.taking import back_up

    back_up(load_settings(home=Path(home), sources=Path(sources)), str(backups_of(home)), wait_seconds=60)


def restore_home(home: str, _: str, __: str) -> None:
    """Restore the newest backup beside the home in this process."""
    from orderhouse.backup.restoring import restore

    restore(load_settings(home=restored_of(home).settings.home), str(backups_of(home)))


def backups_of(home: str) -> Path:
    """Return the folder of the backups of a home."""
    return Path(home).parent / "backups"


def restored_of(home: str) -> Landing:
    """Return the place at which a home is restored."""
    return Landing(Path(home).parent / "restored")


def load_files(home: str, _: str, __: str) -> None:
    """Receive the files in this process, a few to a transaction."""
    load(str(Path(home).parent))


@dataclass(frozen=True)
class Step:
    """A step of a life.

    Attributes:
        name: Name, under which kills are counted.
        work: Function that a process runs, with the home, the sources file and the clock.
        kills: Number of times that it is killed.
        is_final: True if the step cannot be repeated once it has ended.
    """

    name: str
    work: Callable[[str, str, str], None]
    kills: int
    is_final: bool = False


LIFE = (
    Step("receive", load_files, 30),
    Step("run", whole_run, 3),
    Step("erase", erase_person, 12),
    Step("run", whole_run, 2),
    Step("backup", back_up_home, 12),
    Step("restore", restore_home, 3, is_final=True),
)


@dataclass(frozen=True)
class Outcome:
    """The end of a life: received rows, published tables, and the seconds of each step."""

    content: Any
    tables: dict[str, tuple[int, int]]
    seconds: tuple[float, ...]


@cache
def template() -> Path:
    """Return a folder with the files and the keys of all lives, so that their tokens are equal."""
    landing = deliver(Path(tempfile.mkdtemp(prefix="life-")))
    share_parsed_project(landing.settings.home)
    load_keys(landing.settings)
    return landing.folder


@cache
def undisturbed() -> Outcome:
    """Live once without kills."""
    with tempfile.TemporaryDirectory(prefix="calm-") as folder:
        return _lived(Path(folder) / "life", random.Random(0), None)[0]  # noqa: S311


def one_unit(number: int) -> dict[str, Any]:
    """Live one life with kills; return the number of kills by step and the differences from an undisturbed life."""
    chance = random.Random(number)  # noqa: S311 - a reproducible campaign
    began = time.monotonic()
    expected = undisturbed()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        found, kills, problems = _lived(Path(folder) / "life", chance, expected.seconds)
    if found.content != expected.content:
        problems.append("the received rows differ")
    if found.content.tokens_without_value != expected.content.tokens_without_value:
        problems.append("the vault lacks values, or has some of the erased person")
    problems += [f"{table} differs" for table in differing_tables(found.tables, expected.tables)]
    counts = {f"{name}_kills": count for name, count in kills.items()}
    return {"kills": sum(kills.values()), **counts, "seconds": round(time.monotonic() - began, 1), "problems": problems}


def _lived(
    folder: Path, chance: random.Random, seconds: tuple[float, ...] | None
) -> tuple[Outcome, dict[str, int], list[str]]:
    """Live a life in a folder, with kills if the usual seconds of each step are given."""
    shutil.copytree(template(), folder)
    landing = Landing(folder)
    home, sources = str(landing.settings.home), str(landing.sources_file)
    kills = {step.name: 0 for step in LIFE}
    problems, took = [], []
    for position, step in enumerate(LIFE):
        has_ended = False
        for _ in range(step.kills if seconds is not None else 0):
            was_running = _killed(step, (home, sources, AS_OF), chance.uniform(0, MOMENTS * seconds[position]))
            kills[step.name] += was_running
            has_ended = step.is_final and not was_running
            if has_ended:
                break
        process = None if has_ended else _begun(step, (home, sources, AS_OF))
        began = time.monotonic()
        code = ended(process) if process else 0
        took.append(time.monotonic() - began)
        if code:
            problems.append(f"{step.name} ended with code {code} after its kills")
    restored = restored_of(home)
    content, tables = content_of(landing), table_hashes(published_file(Path(home)))
    if not problems and content_of(restored) != content:
        problems.append("the received rows of the restored home differ")
    if not problems:
        differing = differing_tables(table_hashes(published_file(restored.settings.home)), tables)
        problems += [f"{table} of the restored home differs" for table in differing]
    return Outcome(content, tables, tuple(took)), kills, problems


def _killed(step: Step, arguments: tuple[str, str, str], after: float) -> bool:
    """Start a step and kill it some seconds after it began to work; return whether it was still running."""
    process = _begun(step, arguments)
    time.sleep(after)
    process.kill()
    return ended(process) in KILLED


def _begun(step: Step, arguments: tuple[str, str, str]) -> Any:
    """Start a step, and return its process once its imports are done and its work begins.

    Imports take seconds in the first process and none in the others. A moment counted from the start of the process
    would fall after the end of a short step.
    """
    receiver, sender = PROCESSES.Pipe(duplex=False)
    process = start(_work, sender, step.work, *arguments)
    sender.close()  # so that the end of a process that never began is noticed
    with receiver, suppress(EOFError):
        receiver.recv()
    return process


def _work(begun: Connection, work: Callable[[str, str, str], None], *arguments: str) -> None:
    """Announce that the work begins, and do it."""
    begun.send(True)
    begun.close()
    work(*arguments)


def main() -> int:
    """Carry a campaign on, and print its sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder of the record")
    parser.add_argument("--lives", type=int, default=18, help="homes in all; each is killed up to 62 times")
    parser.add_argument("--seconds", type=float, help="time after which no further life begins")
    given = parser.parse_args()
    units = carry_on(given.folder / "kills.jsonl", given.lives, one_unit, seconds=given.seconds)
    total = sums(units)
    print(total)
    return 1 if total["problems"] else 0


if __name__ == "__main__":
    # Started processes look for the steps under the name of this module, and `__main__` is not that name.
    from tests.campaigns import kills

    sys.exit(kills.main())
