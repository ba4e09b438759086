"""Folder, or bucket, that this machine and every worker of the cluster reach.

`raw/<schema>/<table>/` holds received rows, `runs/<run>/<schema>/<table>/` the tables of a run, and `current.json`
names the run that is published. Nothing outside these is touched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Engine
from orderhouse.storage.build_record import write_atomically

__all__ = ["Storage"]

POINTER = "current.json"
OBJECT_STORE = "s3a://"


class Storage:
    """Parquet files and the pointer under one place.

    Raises:
        OrderhouseError: No place is set, or it cannot be reached.
    """

    def __init__(self, engine: Engine) -> None:
        if engine.storage is None:
            raise OrderhouseError(
                "Spark needs a place that this machine and its workers reach. Set `storage` under [engine] in "
                "orderhouse.toml: a shared folder such as /lake, or s3a://bucket/folder."
            )
        self._place = (
            engine.storage if engine.storage.startswith(OBJECT_STORE) else str(Path(engine.storage).expanduser())
        )
        self._files, self._root = _opened(self._place)

    def address(self, *parts: str) -> str:
        """Return the address by which Spark knows a place."""
        start = self._place if self._place.startswith(OBJECT_STORE) else f"file://{self._place}"
        return "/".join((start, *parts))

    def names(self, *folder: str) -> list[str]:
        """Return the names in a folder, none if it does not exist."""
        selector = fs.FileSelector(self._path(*folder), allow_not_found=True)
        return sorted(found.base_name for found in self._files.get_file_info(selector))

    def write(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema, *path: str) -> None:
        """Write a Parquet file. It appears under its name when it is whole."""
        *folder, name = path
        incoming = self._path(*folder, f".{name}") if self._is_local else self._path(*path)
        self._files.create_dir(self._path(*folder), recursive=True)
        with (
            self._files.open_output_stream(incoming) as stream,
            pq.ParquetWriter(stream, schema, compression="zstd") as writer,
        ):
            for batch in batches:
                writer.write_batch(batch)
        if self._is_local:
            self._files.move(incoming, self._path(*path))

    def table(self, *folder: str) -> Any:
        """Return the rows of a folder of Parquet files, as a dataset that is read in parts."""
        import pyarrow.dataset as ds

        return ds.dataset(self._path(*folder), filesystem=self._files, format="parquet")

    def remove(self, *path: str) -> None:
        """Remove a file or a folder, if it is there."""
        kind = self._files.get_file_info(self._path(*path)).type
        if kind == fs.FileType.Directory:
            self._files.delete_dir(self._path(*path))
        elif kind == fs.FileType.File:
            self._files.delete_file(self._path(*path))

    def prepare(self, *folder: str) -> None:
        """Create a folder."""
        self._files.create_dir(self._path(*folder), recursive=True)

    def current_run(self) -> str | None:
        """Return the run that is published; None before the first one, or if the pointer is damaged."""
        try:
            with self._files.open_input_stream(self._path(POINTER)) as stream:
                return str(json.loads(stream.read())["run"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def point_at(self, run: str, **facts: object) -> None:
        """Make a run the published one, in one atomic step."""
        text = json.dumps({"run": run, **facts}, indent=2)
        if self._is_local:
            write_atomically(Path(self._path(POINTER)), text)
        else:  # an object is replaced as a whole
            with self._files.open_output_stream(self._path(POINTER)) as stream:
                stream.write(text.encode())

    def sweep_runs(self, keep: int, *also: str) -> None:
        """Remove the tables of runs, except the newest ones, the published one and those named."""
        runs = [found for found in self._files.get_file_info(fs.FileSelector(self._path("runs"), allow_not_found=True))]
        runs.sort(key=lambda found: found.base_name, reverse=True)
        kept = {*also, self.current_run(), *(found.base_name for found in runs[:keep])}
        for found in runs:
            if found.base_name not in kept:
                self._files.delete_dir(found.path)

    @property
    def _is_local(self) -> bool:
        return not self._place.startswith(OBJECT_STORE)

    def _path(self, *parts: str) -> str:
        return "/".join((self._root, *parts))


def _opened(place: str) -> tuple[fs.FileSystem, str]:
    try:
        if place.startswith(OBJECT_STORE):
            files, root = fs.FileSystem.from_uri(f"s3://{place.removeprefix(OBJECT_STORE)}")
        else:
            files, root = fs.LocalFileSystem(), place
        files.create_dir(root, recursive=True)
    except (OSError, pa.ArrowException) as error:
        raise OrderhouseError(f"The storage {place} cannot be reached: {str(error).splitlines()[0]}") from None
    return files, root
