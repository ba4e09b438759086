"""Errors of the machine (a full disk, a missing permission, too little memory) as plain messages.

This is the one place that knows how Python, DuckDB, SQLite and dbt report them. The command line and the Dagster
steps ask here before they treat an error as unforeseen. Errors of files and stores belong in `orderhouse.files`.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator

from orderhouse.errors import OrderhouseError

__all__ = ["is_locked", "machine_problem"]

AGAIN = "Then run the same command again: nothing is half loaded or half published."

FULL = f"The disk is full{{where}}. Free some space, or move the home to a larger disk. {AGAIN}"
QUOTA = f"The disk quota of this user is used up{{where}}. Free some space or raise the quota. {AGAIN}"
TOO_LARGE = f"A file would grow larger than this process may write{{where}} (`ulimit -f`). Raise that limit. {AGAIN}"
READ_ONLY = f"The disk is mounted read-only{{where}}. Make it writable, or name another home with `--home`. {AGAIN}"
DENIED = f"This user may not read or write{{where}}. Give it permission, or name another home with `--home`. {AGAIN}"
MANY_FILES = f"Too many files are open{{where}} (`ulimit -n`). Raise that limit. {AGAIN}"
DAMAGED = f"The disk cannot be read or written{{where}}: it reports an input/output error. Check the disk. {AGAIN}"
MEMORY = f"There is too little memory{{where}}. Raise `memory_limit`, or use a machine with more memory. {AGAIN}"

BY_NUMBER: dict[int, str] = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: QUOTA,
    errno.EFBIG: TOO_LARGE,
    errno.EROFS: READ_ONLY,
    errno.EACCES: DENIED,
    errno.EPERM: DENIED,
    errno.EMFILE: MANY_FILES,
    errno.ENFILE: MANY_FILES,
    errno.EIO: DAMAGED,
    errno.ENOMEM: MEMORY,
}
BY_WORDS: dict[str, str] = {
    r"database or disk is full|disk full": FULL,
    r"readonly database": READ_ONLY,
    r"Out of Memory Error|max_temp_directory_size": MEMORY,
    **{re.escape(os.strerror(number)): sentence for number, sentence in BY_NUMBER.items()},
}
# DuckDB, SQLAlchemy and dbt repeat the system's error as text; Python's own errors carry its number.
WRAPPING_MODULES = ("duckdb", "_duckdb", "sqlite3", "sqlalchemy", "dbt", "orderhouse", "pyarrow")
# "block" and "locked" occur in messages of damage too.
LOCKED = re.compile(r"Could not set lock on file|Conflicting lock is held")
PLACE = re.compile(r'(?:file|directory) "([^"]+)"')


def is_locked(error: BaseException) -> bool:
    """Return whether DuckDB refuses a file because another process has it open, and not because it is damaged."""
    return bool(LOCKED.search(str(error)))


def machine_problem(error: BaseException) -> OrderhouseError | None:
    """Return the machine error that an error or one of its causes reports; None if there is none."""
    for each in _origins(error):
        text = " ".join(str(each).split())
        sentence = _sentence(each, text)
        if sentence is not None:
            return OrderhouseError(sentence.format(where=_where(each, text)))
    return None


def _sentence(error: BaseException, text: str) -> str | None:
    """Return the message for an error, by its number where it has one, else by its text."""
    if isinstance(error, MemoryError):
        return MEMORY
    if isinstance(error, OSError) and error.errno is not None:
        return BY_NUMBER.get(error.errno)
    if type(error).__module__.partition(".")[0] in WRAPPING_MODULES:
        return next((sentence for words, sentence in BY_WORDS.items() if re.search(words, text)), None)
    return None


def _where(error: BaseException, text: str) -> str:
    if isinstance(error, OSError) and error.filename:
        return f": {error.filename}"
    found = PLACE.search(text)
    return f": {found.group(1)}" if found else ""


def _origins(error: BaseException) -> Iterator[BaseException]:
    """Yield the error, then its causes and the errors during whose handling it was raised, nearest first."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        # `raise … from None` hides the context on purpose, so it is not followed then.
        waiting += [each.__cause__, None if each.__suppress_context__ else each.__context__]
