"""A source that a person declares at a page: proposed from uploaded files, tried, and written into the sources file.

Nothing is loaded before the next run. The proposal belongs to `sources.proposals`, the trial to `ingest.trial`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orderhouse.access.quarantine import refuse_role
from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.files.source_files import FileRejected, FileVanished
from orderhouse.ingest.trial import SourceTrial, check_sources
from orderhouse.operations.audit_log import record
from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import load_sources, merchant_of
from orderhouse.sources.proposals.proposing import proposed
from orderhouse.sources.proposals.samples import sampled
from orderhouse.sources.readers.yaml_lines import read_yaml
from orderhouse.storage.people_files import drafted, only_writer, save_text, text_or
from orderhouse.yaml_blocks import entry_lines, with_block

__all__ = ["FileColumn", "Proposal", "columns_of", "declare_source", "propose_sources", "require_right", "try_source"]

VALUES = 3
DRAFT = "sources.yaml"
SECTION = "sources"
LANDING = "landing"


@dataclass(frozen=True)
class Proposal:
    """What was guessed about some files.

    Attributes:
        text: The proposed sources file, with a comment on each guess.
        sources: Declaration of each proposed source, by its name, as texts.
    """

    text: str
    sources: Mapping[str, dict[str, Any]]


@dataclass(frozen=True)
class FileColumn:
    """A column of a file, with its first different values."""

    name: str
    values: tuple[str, ...]


def require_right(role: Role) -> None:
    """Refuse a role that may not declare sources, or not see every column of their rows.

    Raises:
        OrderhouseError: The role may not.
    """
    if not role.may("sources"):
        raise OrderhouseError(f"The role {role.name} may not declare sources: it lacks `sources`.")
    refuse_role(role)


def propose_sources(settings: Settings, folder: Path, currency: str | None = None) -> Proposal:
    """Look at the files of a folder and propose a source for each kind of them.

    Args:
        settings: Settings of the home.
        folder: Folder of the files.
        currency: Currency of amounts whose file names none; by default the reporting currency, if there is one.

    Raises:
        OrderhouseError: There is no file in the folder.
    """
    merchant = merchant_of(settings)
    found = proposed([folder], folder, merchant.business_time_zone, currency or merchant.reporting_currency)
    draft = folder / f".{DRAFT}"
    with drafted(draft, found.text, "The proposal"):
        document, _ = read_yaml(draft)
    return Proposal(found.text, document.get("sources") or {})


def columns_of(file: Path, declared: Mapping[str, Any]) -> list[FileColumn]:
    """Return the columns of a file with some of their values; without header they are numbered.

    Args:
        file: The file.
        declared: The declaration of its source, which says if it has no header.

    Raises:
        OrderhouseError: It is no table of records.
    """
    try:
        frame = sampled(file).frame
    except FileRejected as error:
        raise OrderhouseError(f"{file.name}: {error.shown}") from None
    except FileVanished:
        raise OrderhouseError(f"{file.name} is no longer there.") from None
    values = {name: frame[name].drop_nulls().unique(maintain_order=True).head(VALUES) for name in frame.columns}
    found = [FileColumn(name, tuple(first)) for name, first in values.items()]
    if isinstance(declared.get("columns"), list):
        return [FileColumn(f"column_{position}", each.values) for position, each in enumerate(found, 1)]
    return found


def try_source(settings: Settings, folder: Path, name: str, declared: Mapping[str, Any]) -> SourceTrial:
    """Read and screen the files of a folder by a declaration. Nothing is loaded.

    Args:
        settings: Settings of the home.
        folder: Folder of the files, from which paths are meant.
        name: Name of the source.
        declared: Its declaration.

    Raises:
        OrderhouseError: The declaration has a mistake.
    """
    draft = folder / f".{DRAFT}"
    with drafted(draft, _document(settings, {name: declared}), "The declaration"):
        (trial,) = check_sources(settings.model_copy(update={"sources": draft}), name)
    return trial


def declare_source(
    settings: Settings, folder: Path, name: str, declared: Mapping[str, Any], *, actor: str, role: Role
) -> Path:
    """Write a source into the sources file, and its files into the landing folder beside it.

    Args:
        settings: Settings of the home.
        folder: Folder of the files, from which the path of the declaration is meant.
        name: Name of the source.
        declared: Its declaration.
        actor: Name of the person.
        role: Role of the person.

    Returns:
        The folder in which the source's files are from now on.

    Raises:
        OrderhouseError: The role may not, the name is taken, or the declaration has a mistake. Nothing is saved.
    """
    require_right(role)
    path = settings.sources_file
    with only_writer(settings, SECTION):
        known = load_sources(path).sources if path.exists() else {}
        if name in known:
            raise OrderhouseError(f"{path} has a source {name} already. Choose another name.")
        target = path.parent / LANDING / name
        if target.exists():
            raise OrderhouseError(f"The folder {target} exists already. Choose another name.")
        block = entry_lines(name, {**declared, "path": f"{LANDING}/{name}/*"})
        saved = with_block(text_or(path, _document(settings, {})), SECTION, name, block)
        draft = path.with_name(f".{path.name}.draft")
        with drafted(draft, saved, path.name):
            load_sources(draft)
        _copy_files(folder, target)
        try:
            save_text(path, saved)
        except OrderhouseError:
            shutil.rmtree(target, ignore_errors=True)
            raise
    record(settings, actor=actor, role=role.name, action="declare_source", subject=f"source {name}")
    return target


def _document(settings: Settings, sources: Mapping[str, Mapping[str, Any]]) -> str:
    merchant = merchant_of(settings).model_dump(exclude_none=True)
    return yaml.safe_dump({"merchant": merchant, "sources": dict(sources)}, sort_keys=False, allow_unicode=True)


def _copy_files(folder: Path, target: Path) -> None:
    try:
        target.mkdir(parents=True, mode=0o700)
        for file in sorted(folder.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                shutil.copyfile(file, target / file.name)
                (target / file.name).chmod(0o600)
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise OrderhouseError(f"{target} cannot be written: {error.strerror}. Nothing was saved.") from None
