"""Where exports go: a folder, or an object store that pyarrow reaches (`s3://bucket/folder`).

Files are always made in a local folder first and sent from there; credentials and endpoint come from the store's own
conventions (`AWS_…`, or `?endpoint_override=…&scheme=http` on the address).
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orderhouse.errors import OrderhouseError

__all__ = ["fetch", "is_remote", "scratch_folder", "send"]

CHUNK = 8 * 1024 * 1024


def is_remote(place: str) -> bool:
    """Whether it is an address rather than a folder."""
    return "://" in place


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder beside the final one (so that a move is a rename), removed at the end."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".outgoing-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def send(folder: Path, place: str, names: list[str]) -> None:
    """Put these files, relative to the folder, in their place, in this order.

    What comes last says that the rest is there.

    Raises:
        OrderhouseError: The store refuses.
    """
    if not is_remote(place):
        target = Path(place)
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).replace(target / name)
        return
    with _store(place) as (store, base):
        for name in names:
            if store.type_name == "local":
                store.create_dir(str(Path(base, name).parent))
            with (folder / name).open("rb") as source, store.open_output_stream(f"{base}/{name}") as sink:
                shutil.copyfileobj(source, sink, CHUNK)


def fetch(place: str, name: str, folder: Path) -> Path:
    """The local path of a file in a place; one in a store is copied into the folder first.

    Raises:
        OrderhouseError: It is not there, or the store refuses.
    """
    if not is_remote(place):
        return Path(place) / name
    local = folder / name
    local.parent.mkdir(parents=True, exist_ok=True)
    with _store(place) as (store, base), store.open_input_stream(f"{base}/{name}") as source, local.open("wb") as sink:
        shutil.copyfileobj(source, sink, CHUNK)
    return local


@contextlib.contextmanager
def _store(place: str) -> Iterator[tuple[Any, str]]:
    import pyarrow as pa
    from pyarrow import fs

    try:
        store, base = fs.FileSystem.from_uri(place)
        yield store, base.rstrip("/")
    except (OSError, pa.ArrowInvalid) as error:
        raise OrderhouseError(f"{place.split('?')[0]}: {' '.join(str(error).split())}") from None
