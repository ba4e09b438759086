"""Files that people write by hand and pages write too, such as `rules.yaml`: locked, tried, and replaced atomically."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.file_locks import locked

__all__ = ["drafted", "only_writer", "save_text", "text_or"]


@contextlib.contextmanager
def only_writer(settings: Settings, name: str) -> Iterator[None]:
    """Hold the lock under which pages change a file.

    Args:
        settings: Settings of the home.
        name: Name of the file without its suffix, such as `rules`.
    """
    settings.operations.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(settings.operations / f"{name}_file.lock"):
        yield


@contextlib.contextmanager
def drafted(draft: Path, text: str, shown: str) -> Iterator[None]:
    """Keep a text in a draft while it is read as if it stood in its file.

    Args:
        draft: File of the draft, which is removed afterwards.
        text: The text.
        shown: Name that messages give instead of the draft's.

    Raises:
        OrderhouseError: The draft cannot be written, or reading it found a mistake.
    """
    try:
        save_text(draft, text)
        yield
    except OrderhouseError as error:
        raise OrderhouseError(error.message.replace(str(draft), shown)) from None
    finally:
        draft.unlink(missing_ok=True)


def text_or(path: Path, empty: str) -> str:
    """Return the text of a file, or that of an empty one if it does not exist."""
    return path.read_text(encoding="utf-8-sig") if path.exists() else empty


def save_text(path: Path, text: str) -> None:
    """Replace the text of a file.

    Raises:
        OrderhouseError: It cannot be written.
    """
    try:
        write_atomically(path, text)
    except OSError as error:
        raise OrderhouseError(f"{path} cannot be written: {error.strerror}. Nothing was saved.") from None
