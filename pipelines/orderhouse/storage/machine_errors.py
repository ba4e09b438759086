"""What the machine refuses (a full disk, a missing permission, too little memory), told as one plain sentence.

The one place that knows how Python, DuckDB, SQLite and dbt each put it. Whoever runs something at the edge (the command
line, a Dagster step) asks here before calling an error unforeseen.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator

from orderhouse.errors import OrderhouseError

__all__ = ["machine_problem"]

AGAIN = "Nothing is half loaded and nothing half published: run the same command again then."

FULL = f"The disk is full{{where}}. Free some space, or move the home to a larger disk. {AGAIN}"
QUOTA = f"The disk quota of this user is used up{{where}}. Free some space or have it raised. {AGAIN}"
TOO_LARGE = f"A file would grow larger than this process may write{{where}} (`ulimit -f`). Have that raised. {AGAIN}"
READ_ONLY = f"The disk is mounted read-only{{where}}. Make it writable, or name another home with --home. {AGAIN}"
DENIED = f"This user may not read or write{{where}}. Give it permission, or name another home with --home. {AGAIN}"
MANY_FILES = f"Too many files are open{{where}} (`ulimit -n`). Have that raised. {AGAIN}"
DAMAGED = f"The disk cannot be read or written{{where}}: it reports an input/output error. Check it. {AGAIN}"
MEMORY = f"The memory does not suffice{{where}}. Raise `memory_limit`, or run where there is more of it. {AGAIN}"

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
# DuckDB, SQLAlchemy and dbt wrap what the system said in words; Python's own errors carry its number.
TELLING_MODULES = ("duckdb", "_duckdb", "sqlite3", "sqlalchemy", "dbt", "orderhouse", "pyarrow")
PLACE = re.compile(r'(?:file|directory) "([^"]+)"')


def machine_problem(error: BaseException) -> OrderhouseError | None:
    """An error, or what it came from, as a sentence about the machine; None if it is about something else."""
    for each in _origins(error):
        said = " ".join(str(each).split())
        sentence = _sentence(each, said)
        if sentence is not None:
            return OrderhouseError(sentence.format(where=_where(each, said)))
    return None


def _sentence(error: BaseException, said: str) -> str | None:
    if isinstance(error, MemoryError):
        return MEMORY
    if isinstance(error, OSError) and error.errno is not None:
        return BY_NUMBER.get(error.errno)
    if type(error).__module__.partition(".")[0] in TELLING_MODULES:
        return next((sentence for words, sentence in BY_WORDS.items() if re.search(words, said)), None)
    return None


def _where(error: BaseException, said: str) -> str:
    if isinstance(error, OSError) and error.filename:
        return f": {error.filename}"
    found = PLACE.search(said)
    return f": {found.group(1)}" if found else ""


def _origins(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from or while handling, the first cause last."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, None if each.__suppress_context__ else each.__context__]
