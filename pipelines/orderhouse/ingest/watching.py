"""Watch of what sources.yaml names: finds files that are new or changed and quiet, so that a run would load them.

Names, sizes and times are compared; the run compares contents. A file counts once it is the same in two looks that are
`QUIET_SECONDS` apart, its settle time has passed, and no program on this machine has it open for writing. So nothing is
picked up half written, and nothing that a run left alone is forgotten. Whoever starts the run keeps the state.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orderhouse.files.local_files import WRITER_SECONDS, modified_at, refuse_unsettled
from orderhouse.files.object_stores import is_address
from orderhouse.files.source_files import FileUnreadable, FileUnsettled, FileVanished
from orderhouse.ingest.looking import Look, Looks, Mark
from orderhouse.sources.config.declaration import Source

__all__ = ["QUIET_SECONDS", "News", "Watch"]

# A listing of a store gives whole seconds, so an object replaced within one second looks the same. The second look is
# in a later second: what it sees is what the run will read.
QUIET_SECONDS = 2.0


@dataclass(frozen=True)
class News:
    """Result of one round of the watch.

    Attributes:
        state: Digest of the quiet files by place, to be given to the next round. A caller that has to start a run
            and cannot does not keep it.
        places: Places with files that the given state did not have.
        files: Number of such files, as far as known; 0 if the watch began a moment ago.
        is_arriving: True if files are still being written.
        refused: Sentence by place that could not be read.
    """

    state: dict[str, str]
    places: list[str] = field(default_factory=list)
    files: int = 0
    is_arriving: bool = False
    refused: dict[str, str] = field(default_factory=dict)


class Watch:
    """Watch of one home. It remembers the files of the last round, so that removed files are no news."""

    def __init__(
        self, settle_seconds: float, looks: Looks | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settle_seconds = settle_seconds
        self._looks = looks or Looks()
        self._sleep = sleep
        self._quiet: dict[str, frozenset[Mark]] = {}

    def round(self, sources: Iterable[Source], state: Mapping[str, str]) -> News:
        """Return what is new since the round that gave `state`.

        Args:
            sources: The declared sources.
            state: The `state` of the round after which the last run was started; empty for the first one.
        """
        declared = list(sources)
        first = self._looks.look(declared)
        changed = [key for key, marks in first.marks.items() if _digest(marks) != state.get(key, "")]
        self._quiet |= {key: marks for key, marks in first.marks.items() if key not in changed}
        if not changed:
            return News(_kept(state, first), refused=first.refused)
        self._sleep(QUIET_SECONDS)
        second = self._looks.look(declared, again=changed)
        after = _kept(state, second)
        places: list[str] = []
        files, is_arriving = 0, False
        for key in changed:
            if key not in second.marks:
                continue
            quiet = self._of_place(second.sources[key], first.marks[key] & second.marks[key])
            is_arriving |= quiet != second.marks[key]
            known = self._quiet.get(key, frozenset())
            is_known = _digest(known) == state.get(key, "")
            if _digest(quiet) != state.get(key, "") and not (is_known and quiet <= known):
                places.append(key)
                files += len(quiet - known) if is_known else 0
            after[key] = _digest(quiet)
            self._quiet[key] = quiet
        return News(after, places, files, is_arriving, second.refused)

    def _of_place(self, source: Source, marks: frozenset[Mark]) -> frozenset[Mark]:
        """Return the marks of files that a run would read now."""
        settle = self._settle_seconds if source.settle_seconds is None else source.settle_seconds
        long_ago = time.time() - max(settle, WRITER_SECONDS)
        return frozenset(
            mark
            for mark in marks
            if is_address(mark.path) or modified_at(mark.state) < long_ago or _is_settled(Path(mark.path), settle)
        )


def _is_settled(path: Path, settle_seconds: float) -> bool:
    try:
        refuse_unsettled(path, settle_seconds)
    except (FileUnsettled, FileVanished):
        return False
    except FileUnreadable:
        return True  # the run says that it may not be read
    return True


def _digest(marks: frozenset[Mark]) -> str:
    """Return one short text for a set of marks; an empty text if there is no file."""
    lines = sorted(f"{mark.path}\0{mark.state}" for mark in marks)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32] if lines else ""


def _kept(state: Mapping[str, str], look: Look) -> dict[str, str]:
    """Return the state of the places that are still watched. A place that could not be read keeps its state."""
    return {key: digest for key, digest in state.items() if key in look.marks or key in look.refused}
