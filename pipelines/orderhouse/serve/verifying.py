"""Verification of an export: check the signature of its manifest, its files, and its rows in the published version.

Nothing of a manifest is used before its signature is checked. Files are written only into a private folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from orderhouse.access.access_file import load_access
from orderhouse.access.roles import OWNER, Role
from orderhouse.errors import OrderhouseError
from orderhouse.files.object_stores import address_without_keys
from orderhouse.serve.contents import content_of
from orderhouse.serve.exports import MANIFEST_NAME, origin_of, query_of, write_table
from orderhouse.serve.manifest import ExportedTable, Manifest, describe_file, read_manifest
from orderhouse.serve.places import fetch, is_remote, names_in, scratch_folder
from orderhouse.serve.publishing import list_versions
from orderhouse.serve.reading import open_reader
from orderhouse.serve.relations import published_tables
from orderhouse.serve.reports import is_report
from orderhouse.serve.verifying_reports import compare_report
from orderhouse.settings import Settings
from orderhouse.storage.readers import limited_errors
from orderhouse.vault.keys import load_keys
from orderhouse.vault.signing import key_name, public_key_of, read_public_key, verifies

__all__ = ["Verification", "verify"]


@dataclass(frozen=True)
class Verification:
    """Result of a verification.

    Attributes:
        manifest: The manifest of the export.
        problems: One sentence for each difference.
        is_derived: True if the rows were compared with the version; False if the version is not kept here.
    """

    manifest: Manifest
    problems: list[str]
    is_derived: bool

    @property
    def passed(self) -> bool:
        """Return True if no difference was found."""
        return not self.problems


def verify(settings: Settings, place: str, *, key: Path | None = None) -> Verification:
    """Compare an export with its signed manifest, and with its query run again on the published version.

    Args:
        settings: Settings of the home. A home is not needed if a key is given.
        place: Path or address of the manifest or of its folder.
        key: File of the public key; that of the home by default.

    Raises:
        OrderhouseError: There is no manifest, it is not signed, or there is no key to check it with.
        StoreRefused: The object store refuses to answer.
    """
    base, name = _split(place)
    with _private_folder(settings) as scratch:
        given = scratch / "given"
        path = fetch(base, name, given)
        if is_remote(base) and not path.exists():
            raise OrderhouseError(f"There is no manifest {name} at {address_without_keys(base)}.")
        manifest = read_manifest(path)
        problems = _check_signature(manifest, _key(settings, key))
        if problems:
            return Verification(manifest, problems, is_derived=False)
        folder = given if is_remote(base) else Path(base)
        problems = [problem for table in manifest.tables for problem in _compare_files(table, base, folder)]
        problems += _find_others(manifest, base, name)
        is_derived = any(
            (version.number, version.build_id) == (manifest.version, manifest.build_id)
            for version in list_versions(settings)
        )
        role = _role_of(settings, manifest)
        is_derived = is_derived and role is not None
        if is_derived and not problems and role is not None:
            compare = compare_report if is_report(manifest) else _compare_with_version
            problems = compare(settings, manifest, folder, scratch / "derived", role)
    return Verification(manifest, problems, is_derived)


@contextmanager
def _private_folder(settings: Settings) -> Iterator[Path]:
    """Make a folder that only this user may enter: in the home, or elsewhere on a machine without the home."""
    if settings.published.exists():
        with scratch_folder(settings.exports) as folder:
            yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="orderhouse-verify-") as name:
            yield Path(name)


def _key(settings: Settings, key: Path | None) -> Ed25519PublicKey:
    if key is not None:
        return read_public_key(key)
    if not settings.vault_keys.exists():
        raise OrderhouseError(
            f"{settings.home} has no vault, so there is no key to check the signature with. Name the public key of the "
            "exporting home with `--key FILE`; that home writes it by `orderhouse vault public-key`."
        )
    return public_key_of(load_keys(settings))


def _check_signature(manifest: Manifest, key: Ed25519PublicKey) -> list[str]:
    if verifies(key, manifest.signature, manifest.content):
        return []
    if manifest.key != key_name(key):
        return [
            f"The manifest says that it was signed with the key {manifest.key}, but it was checked with the key "
            f"{key_name(key)}. Name the public key of the exporting home with `--key FILE`."
        ]
    return ["The signature does not fit the manifest: the manifest was changed after the export."]


def _role_of(settings: Settings, manifest: Manifest) -> Role | None:
    """Return the role whose rows were exported; None if it reads other rows or columns now, or is gone."""
    if manifest.role is None:
        return OWNER
    role = load_access(settings).roles.get(manifest.role)
    return role if role is not None and role.digest == manifest.role_digest else None


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
    """Return one sentence for each file that is missing, is a link, or differs from the manifest."""
    problems = []
    for expected in table.files:
        path = folder / expected.path
        if is_remote(base):
            fetch(base, expected.path, folder)
        links = [each for each in (path, *path.parents) if each.is_relative_to(folder) and each != folder]
        if any(each.is_symlink() for each in links):
            problems.append(f"{expected.path} is a link or below one, and not the file that was exported.")
        elif not path.is_file():
            problems.append(f"{expected.path} is missing.")
        elif describe_file(path, folder) != expected:
            problems.append(f"{expected.path} is not the file that was exported: its SHA-256 differs.")
    return problems


def _find_others(manifest: Manifest, base: str, name: str) -> list[str]:
    """Return one sentence for each file that is not in the manifest. Folders of other exports do not count."""
    listed = {file.path for table in manifest.tables for file in table.files}
    tables = {table.table.rpartition(".")[2] for table in manifest.tables}
    found = names_in(base)
    others = {path.partition("/")[0] for path in found if path.endswith(f"/{MANIFEST_NAME}")} - tables
    return [
        f"{path} is not in the manifest. Remove it, or export into a folder of its own."
        for path in sorted(found - listed - {name})
        if "/" not in path or path.partition("/")[0] not in others
    ]


def _compare_with_version(settings: Settings, manifest: Manifest, folder: Path, derived: Path, role: Role) -> list[str]:
    """Export the tables again from the version, and return one sentence for each difference."""
    problems = []
    derived.mkdir(parents=True)
    with (
        open_reader(
            settings, role=role, version=manifest.version, writable=derived, seconds=settings.export_seconds
        ) as connection,
        limited_errors(settings),
    ):
        if origin_of(connection) != (manifest.store_id, manifest.lineage):
            return [f"The export is of another store, or of other received rows, than version {manifest.version}."]
        known = published_tables(connection)
        for table in manifest.tables:
            if table.table not in known:
                problems.append(f"{table.table} is not a table of version {manifest.version}.")
                continue
            chosen = query_of(connection, table.table, manifest.where, guard=manifest.guards_formulas)
            if chosen[1] != table.query:
                problems.append(f"{table.table}: the query of the manifest is not that of the table and the condition.")
                continue
            again = write_table(connection, chosen, manifest.format, manifest.partition_by, derived)
            if again.rows != table.rows or again.columns != table.columns:
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
    return content_of(manifest.format, [folder / file.path for file in table.files])
