"""The sources file: the declared sources, the places of their files, and the mapping of their columns and words.

Every mistake in ``sources.yaml`` raises an error with file, line and the nearest valid name. The reading of a format
belongs in the format's own module.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.codes import CURRENCIES
from orderhouse.contracts.notation import Notation, checked_form
from orderhouse.contracts.vocabulary import UNKNOWN, vocabulary
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.sources.config.promises import (
    ALL_FEEDS,
    FILES,
    Control,
    Intervals,
    Numbered,
    checked_intervals,
    checked_numbering,
)
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import SKIPPED
from orderhouse.sources.readers.yaml_lines import Keys, line_of, read_yaml

__all__ = ["Intake", "Merchant", "Source", "SourcesFile", "load_sources", "merchant_of"]

Names = str | list[str]

# Messages for values of a wrong type, by pydantic's error type.
TYPE_MESSAGES = {
    "bool_parsing": "it must be true or false",
    "bool_type": "it must be true or false",
    "dict_type": "it must be keys with values, such as {theirs: ours}",
    "float_parsing": "it must be a number",
    "int_parsing": "it must be a whole number",
    "list_type": "it must be one text, or a list of texts",
    "model_type": "it must be keys with values",
    "string_too_short": "it is empty",
    "string_type": "it must be one text",
    "too_short": "it is empty",
}


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_columns(value: Any) -> Any:
    """Check names, or lists of names; in a list of columns an empty name skips one, as `_` does."""
    if isinstance(value, list):
        value = [name or SKIPPED for name in value]
    elif not isinstance(value, dict):
        raise ValueError(
            "they must be {theirs: ours} or, for a file without header, a list of ours in the file's order"
        )
    named = value.items() if isinstance(value, dict) else enumerate(value, 1)
    for theirs, ours in named:
        names = _as_list(ours)
        if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
            raise ValueError(f"{theirs}: a column becomes one of ours, or several: [placed_at, updated_at]")
    return value


def _known_encoding(value: str) -> str:
    try:
        "".encode(value)
    except LookupError:
        raise ValueError(f"{value!r} is not an encoding; write one such as latin-1 or utf-16") from None
    return value


class Merchant(BaseModel):
    """Declarations that hold for the whole merchant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    business_time_zone: str = "UTC"
    reporting_currency: str = "EUR"

    @field_validator("business_time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        return _require_known("time zone", value, available_timezones())

    @field_validator("reporting_currency")
    @classmethod
    def _currency_exists(cls, value: str) -> str:
        return _require_known("ISO-4217 currency", value, CURRENCIES)


class Intake(BaseModel):
    """The webhooks of a source and their signature.

    Attributes:
        kind: ``shopify``, ``stripe`` or ``generic`` (Standard Webhooks).
        secret_env: Environment variable with the signing secret, or several secrets separated by commas, for rotation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    secret_env: str

    @field_validator("kind")
    @classmethod
    def _kind_exists(cls, value: str) -> str:
        return _require_known("kind of webhook", value, ("shopify", "stripe", "generic"))

    @field_validator("secret_env")
    @classmethod
    def _names_a_variable(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
            raise ValueError(
                "it must name an environment variable, such as SHOP_WEBHOOK_SECRET; never write the secret itself here"
            )
        return value


class Source(BaseModel):
    """One source: its files and the mapping by which they are read.

    Attributes:
        name: Key of the source in the sources file.
        format: Name of the format.
        feed: Feed of all files; by default the format or the file name gives it.
        path: Patterns, folders or addresses of the files.
        covers: Feeds in which the source is complete; by default those of its format or of its files' names.
        serves: Sources whose orders its records are about; by default all sources, if it has no orders of its own.
        time_zone: Zone of instants without offset; by default that of the format.
        columns: Our column, or several, by their column; for a file without header, our columns in order, with `_` for
            a
            column that is not used.
        constants: Value by column, for columns that every record has.
        words: Vocabulary: our word by column and their word. A column may be written ``feed.column``.
        control: Control totals of its one file, and the action on files that differ from their totals.
        decimal: Decimal sign of numbers in text, a comma or a point, whose thousands may be separated; by default
            numbers
            are plain, with a point.
        dates: Forms of days and instants in strptime's directives, beside ISO-8601.
        delimiter: Delimiter of CSV files; detected by default.
        encoding: Encoding of text files; by default UTF-8, or UTF-16 with a byte order mark.
        header: False if the files have no header.
        order_id_prefix: Prefix of the ids of orders; by default `id_prefix`. Empty text for no prefix.
        id_prefix: Prefix of every id that the source, or its shop, assigned.
        priority: Rank among sources with the same order; by default the position in the file.
        numbered: Column of the ids without gaps, by feed; ``files`` gives patterns of numbered file names.
        expect_every: Interval between files by feed, or one interval for all feeds.
        settle_seconds: Seconds for which a file must be unchanged before it is loaded; by default the setting.
        intake: Webhooks of the source, if it has any.
        base: Folder of the sources file, from which relative paths are resolved.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    format: str
    feed: str | None = None
    path: Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(_as_list)] = Field(min_length=1)
    covers: Annotated[list[str] | None, BeforeValidator(_as_list)] = None
    serves: Annotated[list[str], BeforeValidator(_as_list)] = Field(default_factory=list)
    time_zone: str | None = None
    columns: Annotated[dict[str, Names] | list[Names], BeforeValidator(_as_columns)] = Field(default_factory=dict)
    words: dict[str, dict[str, str]] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    decimal: str | None = None
    dates: Annotated[list[str], BeforeValidator(_as_list)] = Field(default_factory=list)
    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True
    order_id_prefix: str | None = None
    id_prefix: str = ""
    priority: int | None = None
    control: Control = Control()
    numbered: Numbered = Field(default_factory=dict)
    expect_every: Intervals = Field(default_factory=dict)
    settle_seconds: Annotated[float, Field(ge=0)] | None = None
    intake: Intake | None = None
    base: Path = Field(default=Path(), exclude=True)

    @field_validator("format")
    @classmethod
    def _format_exists(cls, value: str) -> str:
        return _require_known("format", value, FORMATS)

    @field_validator("feed")
    @classmethod
    def _feed_exists(cls, value: str) -> str:
        return _require_known("feed", value, CONTRACTS)

    @field_validator("covers")
    @classmethod
    def _covers_exist(cls, value: list[str]) -> list[str]:
        return [_require_known("feed", feed, CONTRACTS) for feed in value]

    @field_validator("numbered")
    @classmethod
    def _can_be_numbered(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        return checked_numbering(value)

    @field_validator("expect_every")
    @classmethod
    def _can_be_expected(cls, value: dict[str, str]) -> dict[str, str]:
        return checked_intervals(value, CONTRACTS)

    @field_validator("numbered", "expect_every")
    @classmethod
    def _are_its_feeds(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """Refuse declarations about a feed that the source does not give: they would always seem to hold."""
        name = info.data.get("format")
        feed = info.data.get("feed")
        its = [feed] if feed else list(FORMATS[name].covers) if name else []
        for each in value:
            if its and each not in {*its, ALL_FEEDS, FILES}:
                raise ValueError(f"the source gives no {each}; it gives {', '.join(its)}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        return _require_known("time zone", value, available_timezones())

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, value: str) -> str:
        return _known_encoding(value)

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str) -> str:
        value = {"\\t": "\t", "tab": "\t"}.get(value, value)
        if len(value.encode()) != 1 or value in '"\r\n':
            raise ValueError("it must be one character, such as ';' or tab, but no quote and no new line")
        return value

    @field_validator("decimal", "dates")
    @classmethod
    def _is_for_our_columns(cls, value: Any, info: ValidationInfo) -> Any:
        if value and info.data.get("format") not in {None, "canonical"}:
            raise ValueError(
                f"the format {info.data['format']} defines how its numbers and instants are written; remove the key"
            )
        return value

    @field_validator("decimal")
    @classmethod
    def _is_decimal_sign(cls, value: str) -> str:
        if value not in {",", "."}:
            raise ValueError("it must be a comma or a point, in quotes")
        return value

    @field_validator("dates")
    @classmethod
    def _are_forms(cls, value: list[str]) -> list[str]:
        return [checked_form(form) for form in value]

    @field_validator("id_prefix", "order_id_prefix")
    @classmethod
    def _keeps_ids_apart(cls, value: str) -> str:
        if value[-1:].isdigit():
            raise ValueError(
                f"{value!r} ends in a digit, so that two ids could still become equal; write {value + '-'!r}"
            )
        return value

    @field_validator("columns", "constants")
    @classmethod
    def _our_columns_exist(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("format") == "canonical":
            feed = info.data.get("feed")
            known = {column for each in ([feed] if feed else CONTRACTS) for column in CONTRACTS[each].fields()}
            named = value if isinstance(value, list) or info.field_name == "constants" else value.values()
            ours = [column for names in named for column in _as_list(names) if column != SKIPPED]
            twice = [column for column in ours if ours.count(column) > 1] if isinstance(value, list) else []
            if twice:
                raise ValueError(f"the list names the column {twice[0]!r} twice")
            for column in ours:
                _require_known(f"column of {feed or 'any feed'}", column, known)
        return value

    @field_validator("words")
    @classmethod
    def _words_become_ours(cls, value: dict[str, dict[str, str]], info: ValidationInfo) -> dict[str, dict[str, str]]:
        feed = info.data.get("feed")
        feeds = {feed: CONTRACTS[feed]} if feed else CONTRACTS
        mapped = {f"{name}.{column}" for name, contract in feeds.items() for column in contract.mapped()}
        for column, meanings in value.items():
            known = mapped | {name.partition(".")[2] for name in mapped}
            _require_known(f"column with words in {feed or 'any feed'}", column, known)
            of_column = [vocabulary().get((name, column.rpartition(".")[2])) for name in _feeds_of(column, feeds)]
            if all(of_column):  # a column without a vocabulary accepts every word
                ours = {UNKNOWN, *(word for words in of_column for word in words or ())}
                for theirs, meaning in meanings.items():
                    if meaning not in ours:
                        raise ValueError(f"{column}: {theirs}: {_nearest('word of ours', meaning, ours)}")
        return value

    def id_prefixes(self, feed: str) -> dict[str, str]:
        """Return the prefix of each id column of a feed; nothing if the source has no prefixes."""
        if not (self.id_prefix or self.order_id_prefix):
            return {}
        return {
            name: self._prefix_of_orders if whose == "order" else self.id_prefix
            for name, whose in CONTRACTS[feed].ids().items()
        }

    @property
    def notation(self) -> Notation:
        """Return the notation; the zone of local times is the source's own, else its format's, else None."""
        return Notation(self.time_zone or FORMATS[self.format].time_zone, self.decimal, tuple(self.dates))

    @property
    def renamed(self) -> dict[str, tuple[str, ...]]:
        """Return our names, one or several, by column of the files; in a list of columns by the first name."""
        if isinstance(self.columns, list):
            return {names[0]: tuple(names) for names in self.columns if isinstance(names, list)}
        return {theirs: tuple(_as_list(ours)) for theirs, ours in self.columns.items()}

    def without_prefixes(self) -> Source:
        """Return the same source for rows whose ids have their prefixes already."""
        return self.model_copy(update={"order_id_prefix": None, "id_prefix": ""})

    @property
    def _prefix_of_orders(self) -> str:
        return self.id_prefix if self.order_id_prefix is None else self.order_id_prefix

    @property
    def mapping_version(self) -> str:
        """Return a hash that changes when the same bytes would give other rows: of mapping and format version."""
        mapping = self.model_dump(
            include={
                "format",
                "feed",
                "time_zone",
                "columns",
                "constants",
                "delimiter",
                "encoding",
                "header",
            }
        )
        mapping["order_id_prefix"] = self._prefix_of_orders
        # Undeclared keys are left out, so that files loaded before these keys existed are not reread.
        since = {"id_prefix": self.id_prefix, "decimal": self.decimal, "dates": self.dates}
        mapping |= {key: value for key, value in since.items() if value}
        text = json.dumps([FORMATS[self.format].version, mapping], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SourcesFile:
    """A sources file that was read and found valid."""

    path: Path
    merchant: Merchant
    sources: dict[str, Source]


def _feeds_of(column: str, feeds: Iterable[str]) -> list[str]:
    """Return the feeds to which `column` or `feed.column` applies."""
    feed, _, name = column.rpartition(".")
    return [each for each in feeds if name in CONTRACTS[each].mapped() and feed in {"", each}]


class _Document(BaseModel):
    """The whole sources file as parsed."""

    model_config = ConfigDict(extra="forbid")

    merchant: Merchant = Merchant()
    sources: dict[str, Source]


def merchant_of(settings: Settings) -> Merchant:
    """Return business time zone and reporting currency: the settings', else the sources file's, else UTC and EUR."""
    path = settings.sources_file
    declared = load_sources(path).merchant if path.exists() else Merchant()
    return Merchant(
        business_time_zone=settings.business_time_zone or declared.business_time_zone,
        reporting_currency=settings.reporting_currency or declared.reporting_currency,
    )


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
                    f"{path}:{where}: source {name}: serves: {_nearest('source', served, parsed.sources)}"
                )
    sources = {
        name: source.model_copy(update={"name": name, "base": path.parent, "priority": source.priority or position})
        for position, (name, source) in enumerate(parsed.sources.items(), 1)
    }
    return SourcesFile(path=path, merchant=parsed.merchant, sources=sources)


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
    if "control" in keys[2:-1]:
        return list(Control.model_fields)
    model = Merchant if keys[0] == "merchant" else Intake if "intake" in keys[2:3] else Source
    return [name for name in model.model_fields if name not in {"name", "base"}]


def _require_known(what: str, value: str, known: Any) -> str:
    if value in known:
        return value
    raise ValueError(_nearest(what, value, known))


def _nearest(what: str, value: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(value, list(known), n=1, cutoff=0.0)
    return f"there is no {what} {value!r}; did you mean {nearest[0]!r}?"
