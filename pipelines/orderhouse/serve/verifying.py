"""Verification of an export: compare its files with the manifest, and its rows with the published version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.files.object_stores import address_without_keys
from orderhouse.serve.exports import MANIFEST_NAME, write_table
from orderhouse.serve.manifest import ExportedTable, Manifest, describe_file, read_manifest
from orderhouse.serve.places import fetch, is_remote, scratch_folder
from orderhouse.serve.publishing import list_versions
from orderhouse.serve.relations import confine
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import open_published

__all__ = ["Verification", "verify"]


@dataclass(frozen=True)
class Verification:
    """Result of a verification.

    Attributes:
        manifest: The manifest of the export.
        problems: One sentence for each difference.
        is_derived: True if the rows were compared with the version; False if the version is no longer kept.
    """

    manifest: Manifest
    problems: list[str]
    is_derived: bool

    @property
    def passed(self) -> bool:
        """Return True if no difference was found."""
        return not self.problems


def verify(settings: Settings, place: str) -> Verification:
    """Compare an export with its manifest, and with its query run again on the published version.

    Args:
        settings: Settings of the home.
        place: Path or address of the manifest or of its folder.

    Raises:
        OrderhouseError: There is no manifest.
        StoreRefused: The object store refuses to answer.
    """
    base, name = _split(place)
    with scratch_folder(settings.exports) as scratch:
        given = scratch / "given"
        path = fetch(base, name, given)
        if is_remote(base) and not path.exists():
            raise OrderhouseError(f"There is no manifest {name} at {address_without_keys(base)}.")
        manifest = read_manifest(path)
        folder = given if is_remote(base) else Path(base)
        problems = [problem for table in manifest.tables for problem in _compare_files(table, base, folder)]
        kept = {version.number: version.build_id for version in list_versions(settings)}
        is_derived = kept.get(manifest.version) == manifest.build_id
        if is_derived and not problems:
            problems = _compare_with_version(settings, manifest, folder, scratch / "derived")
    return Verification(manifest, problems, is_derived)


def _split(place: str) -> tuple[str, str]:
    """Return folder and name of the manifest; in a folder it has the usual name."""
    if not place.partition("?")[0].endswith(".json"):
        return place, MANIFEST_NAME
    if not is_remote(place):
        return str(Path(place).parent), Path(place).name
    address, mark, options = place.partition("?")
    base, _, name = address.rpartition("/")
    return f"{base}{mark}{options}", name


def _compare_files(table: ExportedTable, base: str, folder: Path) -> list[str]:
    """Return one sentence for each file that is missing or differs from the manifest."""
    problems = []
    for expected in table.files:
        path = folder / expected.path
        if is_remote(base):
            fetch(base, expected.path, folder)
        if not path.exists():
            problems.append(f"{expected.path} is missing.")
        elif describe_file(path, folder) != expected:
            problems.append(f"{expected.path} is not the file that was exported: its SHA-256 differs.")
    return problems


def _compare_with_version(settings: Settings, manifest: Manifest, folder: Path, derived: Path) -> list[str]:
    """Export the tables again from the version, and return one sentence for each difference."""
    problems = []
    derived.mkdir(parents=True)
    with open_published(settings, manifest.version) as connection:
        confine(connection, settings, writable=derived)
        for table in manifest.tables:
            again = write_table(connection, (table.table, table.query), manifest.format, manifest.partition_by, derived)
            if again.rows != table.rows:
                problems.append(
                    f"{table.table}: the manifest states {table.rows:,} rows, but the version has {again.rows:,}."
                )
            elif not _same_content(manifest, table, folder, again, derived):
                problems.append(f"{table.table}: the rows of version {manifest.version} differ from the export.")
    return problems


def _same_content(manifest: Manifest, given: ExportedTable, folder: Path, again: ExportedTable, derived: Path) -> bool:
    """Return True for the same bytes, or for the same rows in another order."""
    if sorted(file.sha256 for file in given.files) == sorted(file.sha256 for file in again.files):
        return True
    if manifest.format == "xlsx":
        return False
    return _content(manifest, given, folder) == _content(manifest, again, derived)


def _content(manifest: Manifest, table: ExportedTable, folder: Path) -> object:
    """Return the number of rows in the files and a hash of them that does not depend on their order."""
    paths = [str(folder / file.path) for file in table.files]
    reader = "read_parquet(?, hive_partitioning = false)"
    if manifest.format == "csv":
        reader = "read_csv(?, header = true, all_varchar = true, hive_partitioning = false, allow_quoted_nulls = false)"
    with duckdb.connect() as connection:
        return connection.execute(
            f"select count(*), sum(hash(content)::hugeint), bit_xor(hash(content)) from {reader} as content",  # noqa: S608
            [paths],
        ).fetchone()
