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

from orderhouse.files.credentials import NONE_FOUND, has_credentials
from orderhouse.files.object_stores import is_address, open_store

__all__ = ["fetch", "is_remote", "scratch_folder", "send"]

CHUNK = 8 * 1024 * 1024


def is_remote(place: str) -> bool:
    """Whether it is an address rather than a folder."""
    return is_address(place)


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

    What comes last says that the rest is there; one that an earlier export left is taken away first, so that a place
    never says so of files of two exports. In a store each file is there whole or not at all.

    Raises:
        StoreRefused: The store refuses.
    """
    if not is_remote(place):
        target = Path(place)
        (target / names[-1]).unlink(missing_ok=True)
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).replace(target / name)
        return
    with open_store(place) as (store, base):
        _remove(store, f"{base}/{names[-1]}")
        for name in names:
            if store.type_name == "local":
                store.create_dir(str(Path(base, name).parent))
            _upload(store, folder / name, f"{base}/{name}")


def fetch(place: str, name: str, folder: Path) -> Path:
    """The local path of a file in a place; one in a store is copied into the folder first. It may not be there.

    Raises:
        StoreRefused: The store refuses.
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


def _upload(store: Any, source: Path, target: str) -> None:
    """One file. Closing the stream is what makes an object appear, so one that was cut short is taken away again."""
    try:
        with source.open("rb") as given, store.open_output_stream(target) as sink:
            shutil.copyfileobj(given, sink, CHUNK)
        _compare_size(store, target, source)
    except BaseException:
        with contextlib.suppress(OSError):
            _remove(store, target)
        raise


def _compare_size(store: Any, target: str, source: Path) -> None:
    """Refuse an object of another size than its file.

    It may be larger too: the client sends in marked pieces, and a store that is not told who sends them (no
    credentials, so no signature) may keep the marks as content: 88 bytes more of each of the files tried here.
    """
    kept, size = store.get_file_info(target).size or 0, source.stat().st_size
    if kept == size:
        return
    hint = f" The request was not signed: {NONE_FOUND}" if store.type_name == "s3" and not has_credentials() else ""
    raise OSError(f"{source.name} has {size:,} bytes, but {kept:,} are in the store, so it was taken away again.{hint}")


def _remove(store: Any, target: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        store.delete_file(target)
