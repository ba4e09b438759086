"""Invocation: the command by which this installation is started, for messages that say what to type.

Messages in the code name `orderhouse`. Where they are shown, `as_typed_here` puts the command that works there: the
installation may be in an environment that is not on the path. Stored messages stay as they are.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from functools import cache
from pathlib import Path

__all__ = ["as_typed_here", "command_here"]

NAME = "orderhouse"
# A command in a sentence follows a backtick, a colon, a gap or the start of a line, and a lower-case word follows it.
TYPED = re.compile(rf"(?m)(`|: |^ *|\$ ){NAME}(?= +[a-z-]+)")


def command_here() -> str:
    """Return the command that starts this installation from the working folder: `orderhouse` if that is on the path."""
    return _command(os.environ.get("PATH", ""), sys.executable, _working_folder())


def as_typed_here(text: str) -> str:
    """Return a message with the commands in it as they work here."""
    command = command_here()
    return text if command == NAME else TYPED.sub(lambda found: found[1] + command, text)


@cache
def _command(path: str, interpreter: str, folder: str) -> str:
    own = Path(interpreter).with_name(NAME)  # not resolved, because the interpreter of an environment is a link
    on_path = shutil.which(NAME, path=path)
    if not own.exists() or (on_path is not None and Path(on_path).absolute() == own.absolute()):
        return NAME
    is_near = own.absolute().parents[2] == Path(folder)
    return shlex.quote(str(own.absolute().relative_to(folder) if is_near else own.absolute()))


def _working_folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed meanwhile
        return ""
