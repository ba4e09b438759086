"""Reading of a sources file: its declarations, or a sentence with file, line and the nearest valid name."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from orderhouse.config_values import TYPE_MESSAGES, nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.sources.config.database import DatabaseTable
from orderhouse.sources.config.declaration import Intake, Merchant, Source, SourcesFile
from orderhouse.sources.config.mapping import DaysAfter
from orderhouse.sources.config.promises import Control
from orderhouse.sources.config.queries import Table, statement_of
from orderhouse.sources.config.write_back import WriteBack
from orderhouse.sources.readers.yaml_lines import Keys, line_of, read_yaml

__all__ = ["INTERNAL", "OPERATORS", "load_sources", "merchant_of", "sources_of"]

# Source of the actions that operators take on this machine. No sources file declares it.
OPERATORS = "operators"
# Sources that the product writes itself, by name: the feed, and the property of `Settings` that is its folder.
INTERNAL = {
    OPERATORS: ("actions", "actions"),
    "campaigns": ("campaign_members", "campaigns"),
    "suppressions": ("suppressions", "suppressions"),
}


# Keys of a source that have keys of their own.
NESTED: dict[str, type[BaseModel]] = {
    "control": Control,
    "promise": DaysAfter,
    "actions_to": WriteBack,
    "tables": Table,
    "table": DatabaseTable,
}


class _Document(BaseModel):
    """The whole sources file as parsed."""

    model_config = ConfigDict(extra="forbid")

    merchant: Merchant = Merchant()
    sources: dict[str, Source]


def load_sources(path: Path) -> SourcesFile:
    """Read a sources file.

    Raises:
        OrderhouseError: The file is missing or has a mistake; the message gives file, line and the nearest valid name.
    """
    document, lines = read_yaml(path)
    # Empty declarations vanish from the document, but not from its lines. They must be reported as incomplete.
    declared = [keys[1] for keys in lines if len(keys) == 2 and keys[0] == "sources"]
    if isinstance(document.get("sources"), dict):
        document["sources"] = {name: document["sources"].get(name, {}) for name in declared}
    try:
        parsed = _Document.model_validate(document)
    except ValidationError as error:
        raise OrderhouseError(_explain(error, path, lines)) from None
    for name, source in parsed.sources.items():
        for served in source.serves:
            if served not in parsed.sources:
                where = line_of(("sources", name, "serves"), lines)
                raise OrderhouseError(
                    f"{path}:{where}: source {name}: serves: {nearest_sentence('source', served, parsed.sources)}"
                )
    sources = {
        name: source.model_copy(
            update={
                "name": name,
                "base": path.parent,
                "priority": source.priority or position,
                "statement": _statement(source, path, name, lines),
            }
        )
        for position, (name, source) in enumerate(parsed.sources.items(), 1)
    }
    return SourcesFile(path=path, merchant=parsed.merchant, sources=sources)


def _statement(source: Source, path: Path, name: str, lines: dict[Keys, int]) -> str:
    """Return the text of the query of a source; nothing if it has none."""
    if source.query is None:
        return ""
    try:
        return statement_of(path.parent / Path(source.query).expanduser())
    except ValueError as error:
        where = line_of(("sources", name, "query"), lines)
        raise OrderhouseError(f"{path}:{where}: source {name}: query: {error}.") from None


def sources_of(settings: Settings) -> SourcesFile:
    """Return the declared sources and those that the product writes itself, each once its folder exists.

    Raises:
        OrderhouseError: As `load_sources`.
    """
    declared = load_sources(settings.sources_file)
    own: dict[str, Source] = {}
    for name, (feed, folder) in INTERNAL.items():
        path: Path = getattr(settings, folder)
        if name not in declared.sources and path.is_dir():
            own[name] = _internal(settings, name, feed, path, len(declared.sources) + len(own) + 1)
    return replace(declared, sources={**declared.sources, **own}) if own else declared


def _internal(settings: Settings, name: str, feed: str, folder: Path, priority: int) -> Source:
    return Source(
        name=name,
        base=settings.home,
        format="canonical",
        feed=feed,
        path=[str(folder / "*.ndjson")],
        covers=[feed],
        priority=priority,
        settle_seconds=0,
    )


def merchant_of(settings: Settings) -> Merchant:
    """Return business time zone and reporting currency: the settings', else the sources file's, else UTC and none."""
    path = settings.sources_file
    declared = load_sources(path).merchant if path.exists() else Merchant()
    return Merchant(
        business_time_zone=settings.business_time_zone or declared.business_time_zone,
        reporting_currency=settings.reporting_currency or declared.reporting_currency,
    )


def _explain(error: ValidationError, path: Path, lines: dict[Keys, int]) -> str:
    problems = error.errors()
    # A misspelt key is also a missing key. The misspelling is the more helpful error.
    problem = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
    keys = tuple(key for key in problem["loc"] if key not in {"dict[str,str]", "list[str]"})
    where = f"{path}:{line_of(keys, lines)}"
    owner = f"source {keys[1]}" if len(keys) > 1 and keys[0] == "sources" else str(keys[0]) if keys else "the file"
    name = next((key for key in reversed(keys) if isinstance(key, str)), "")
    if problem["type"] == "extra_forbidden":
        known = _known_keys(keys)
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
        return f"{where}: {owner} has no key {name!r}; did you mean {nearest!r}?"
    if problem["type"] == "missing":
        return f"{where}: {owner if len(keys) > 1 else 'the file'} needs the key {name!r}."
    message = TYPE_MESSAGES.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    what = f"{owner}: {message}" if len(keys) <= 2 else f"{owner}: {name}: {message}"
    return f"{where}: {what}" if what.endswith("?") else f"{where}: {what}."


def _known_keys(keys: Keys) -> list[str]:
    if len(keys) == 1:
        return list(_Document.model_fields)
    for name, nested in NESTED.items():
        if name in keys[2:-1]:
            return list(nested.model_fields)
    model = Merchant if keys[0] == "merchant" else Intake if "intake" in keys[2:3] else Source
    return [name for name in model.model_fields if name not in {"name", "base", "statement"}]
