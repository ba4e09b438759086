"""Destinations of exports: a folder, or an object store that pyarrow supports (`s3://bucket/folder`).

Files are always written to a local folder first and sent from there. Credentials and endpoint come from the store's own
conventions (`AWS_…`, or `?endpoint_override=…&scheme=http` in the address).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from orderhouse.files.credentials import NONE_FOUND, has_credentials
from orderhouse.files.object_stores import is_address, open_store

__all__ = ["fetch", "is_remote", "names_in", "scratch_folder", "send"]

CHUNK = 8 * 1024 * 1024


def is_remote(place: str) -> bool:
    """Return True for an address, False for a folder."""
    return is_address(place)


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Create a temporary folder inside `parent`, so that a move is a rename; remove it at the end."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".outgoing-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def send(folder: Path, place: str, names: list[str], *, instead_of: Iterable[str] = ()) -> None:
    """Move or upload files to a place, in this order, and remove those that they replace.

    The last file, the manifest, tells that all others are there. So the manifest of an earlier export is removed first.
    In a store each file is complete or absent.

    Args:
        folder: The local folder.
        place: A folder or an address.
        names: Paths relative to the folder.
        instead_of: Paths of former files at the place.

    Raises:
        StoreRefused: The store refuses to answer.
    """
    if not is_remote(place):
        target = Path(place)
        for name in (names[-1], *instead_of):
            (target / name).unlink(missing_ok=True)
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).replace(target / name)
        return
    with open_store(place) as (store, base):
        for name in (names[-1], *instead_of):
            _remove(store, f"{base}/{name}")
        for name in names:
            if store.type_name == "local":
                store.create_dir(str(Path(base, name).parent))
            _upload(store, folder / name, f"{base}/{name}")


def fetch(place: str, name: str, folder: Path) -> Path:
    """Return the local path of a file of a place; a file in a store is first copied into the folder.

    The path need not exist.

    Raises:
        StoreRefused: The store refuses to answer.
    """
    if not is_remote(place):
        return Path(place) / name
    local = folder / name
    local.parent.mkdir(parents=True, exist_ok=True)
    with (
        contextlib.suppress(FileNotFoundError),
        open_store(place) as (store, base),
        store.open_input_stream(f"{base}/{name}") as source,
        local.open("wb") as sink,
    ):
        shutil.copyfileobj(source, sink, CHUNK)
    return local


def names_in(place: str) -> set[str]:
    """Return the paths of all files at a place, relative to it. Links count as files and are not followed.

    Raises:
        StoreRefused: The store refuses to answer.
    """
    if not is_remote(place):
        found = set()
        for folder, folders, files in os.walk(place, followlinks=False):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            found |= {Path(folder, name).relative_to(place).as_posix() for name in [*files, *links]}
        return found
    from pyarrow import fs

    with open_store(place) as (store, base):
        listed = store.get_file_info(fs.FileSelector(base, recursive=True, allow_not_found=True))
        return {each.path.removeprefix(f"{base}/") for each in listed if each.type == fs.FileType.File}


def _upload(store: Any, source: Path, target: str) -> None:
    """Upload one file. Closing the stream creates the object, so an incomplete upload is deleted again."""
    try:
        with source.open("rb") as given, store.open_output_stream(target) as sink:
            shutil.copyfileobj(given, sink, CHUNK)
        _compare_size(store, target, source)
    except BaseException:
        with contextlib.suppress(OSError):
            _remove(store, target)
        raise


def _compare_size(store: Any, target: str, source: Path) -> None:
    """Raise OSError if an object has another size than its file.

    It may also be larger: the client sends signed chunks, and without credentials a store may keep the chunk headers as
    content. This made each of the files tried here 88 bytes longer.
    """
    kept, size = store.get_file_info(target).size or 0, source.stat().st_size
    if kept == size:
        return
    hint = f" The request was not signed: {NONE_FOUND}" if store.type_name == "s3" and not has_credentials() else ""
    raise OSError(f"{source.name} has {size:,} bytes, but {kept:,} are in the store, so the object was deleted.{hint}")


def _remove(store: Any, target: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        store.delete_file(target)
