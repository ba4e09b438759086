"""Declarations of a sources file: the merchant, the sources, and the mapping of their columns and words.

`sources_file` reads the file and explains mistakes in it; `validation` checks values. The reading of a format belongs
in the format's own module.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from orderhouse.config_values import as_list, require_known
from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.codes import CURRENCIES
from orderhouse.contracts.columns import MONEY_SCALE
from orderhouse.contracts.notation import Notation, checked_form
from orderhouse.sources.config.database import DatabaseTable, require_table
from orderhouse.sources.config.mapping import (
    MAPPED,
    DaysAfter,
    as_texts_by_column,
    checked_columns,
    checked_ids,
    checked_parts,
    checked_words,
    is_translated,
    require_mapped,
    require_one_layout,
)
from orderhouse.sources.config.promises import (
    ALL_FEEDS,
    FILES,
    Control,
    Intervals,
    Numbered,
    checked_intervals,
    checked_numbering,
)
from orderhouse.sources.config.queries import Table, checked_tables, require_query
from orderhouse.sources.config.validation import Delimiter, Encoding, as_columns
from orderhouse.sources.config.write_back import WriteBack
from orderhouse.sources.formats import FORMATS

__all__ = ["Intake", "Merchant", "Source", "SourcesFile"]

Names = str | list[str]


class Merchant(BaseModel):
    """Declarations that hold for the whole merchant. Without a currency, the one that all orders share counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    business_time_zone: str = "UTC"
    reporting_currency: str | None = None

    @field_validator("business_time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        return require_known("time zone", value, available_timezones())

    @field_validator("reporting_currency")
    @classmethod
    def _currency_exists(cls, value: str | None) -> str | None:
        return None if value is None else require_known("ISO-4217 currency", value, CURRENCIES)


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
        return require_known("kind of webhook", value, ("shopify", "stripe", "generic"))

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
        columns: Our column, or several, by their column; for a file without header, our columns in order, with `_`
            for a column that is not used.
        constants: Value by column, for columns that every record has.
        ids: Columns of the file of which an id of ours is made; ``_position`` is the record's place in its group.
        empty: Texts that mean no value, by their column or for all.
        decimals: Number of decimals to which amounts are rounded; by default an amount has four at most.
        parts: Pattern by column of the file; its named groups become our columns.
        promise: Promise as a number of days after another day.
        sheet: Name of the sheet of workbooks; by default the first.
        header_row: Row of the header in a sheet; by default the first.
        widths: Characters of each field, for files of lines without delimiters.
        tables: Tables that `query` reads, by name; the first has the records.
        query: Path of the SQL that computes the records, from the folder of the sources file.
        statement: Text of that SQL, which `sources_file` reads.
        table: Table of a database from which rows are copied into the folder `path`.
        words: Vocabulary: our word by column and their word. A column may be written ``feed.column``.
        control: Control totals of its one file, and the action on files that differ from their totals.
        decimal: Decimal sign of numbers in text, a comma or a point, whose thousands may be separated; by default
            numbers are plain, with a point.
        dates: Forms of days and instants in strptime's directives, beside ISO-8601.
        delimiter: Delimiter of CSV files; detected by default.
        encoding: Encoding of text files; by default UTF-8, or UTF-16 with a byte order mark.
        header: False if the files have no header.
        personal_values: Action on values that look like an e-mail address or a telephone number in columns where none
            belong: `warn`, `quarantine` their rows, or `allow` them.
        guarded: True if texts have an apostrophe in front as in our own CSV files, which is removed.
        order_id_prefix: Prefix of the ids of orders; by default `id_prefix`. Empty text for no prefix.
        id_prefix: Prefix of every id that the source, or its shop, assigned.
        priority: Rank among sources with the same order; by default the position in the file.
        numbered: Column of the ids without gaps, by feed; ``files`` gives patterns of numbered file names.
        expect_every: Interval between files by feed, or one interval for all feeds.
        settle_seconds: Seconds for which a file must be unchanged before it is loaded; by default the setting.
        intake: Webhooks of the source, if it has any.
        actions_to: Channel to which the actions of operators on its orders go; by default they go nowhere.
        base: Folder of the sources file, from which relative paths are resolved.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    format: str
    feed: str | None = None
    path: Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(as_list)] = Field(min_length=1)
    covers: Annotated[list[str] | None, BeforeValidator(as_list)] = None
    serves: Annotated[list[str], BeforeValidator(as_list)] = Field(default_factory=list)
    time_zone: str | None = None
    columns: Annotated[dict[str, Names] | list[Names], BeforeValidator(as_columns)] = Field(default_factory=dict)
    ids: dict[str, Annotated[list[str], BeforeValidator(as_list)]] = Field(default_factory=dict)
    empty: Annotated[dict[str, list[str]], BeforeValidator(as_texts_by_column)] = Field(default_factory=dict)
    decimals: Annotated[int | None, Field(ge=0, le=MONEY_SCALE)] = None
    parts: dict[str, str] = Field(default_factory=dict)
    promise: DaysAfter | None = None
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] = 1
    widths: list[Annotated[int, Field(ge=1)]] = Field(default_factory=list)
    tables: dict[str, Table] = Field(default_factory=dict)
    query: str | None = None
    statement: str = Field(default="", exclude=True)
    table: DatabaseTable | None = None
    words: dict[str, dict[str, str]] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    decimal: str | None = None
    dates: Annotated[list[str], BeforeValidator(as_list)] = Field(default_factory=list)
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None
    header: bool = True
    guarded: bool = False
    personal_values: Literal["warn", "quarantine", "allow"] = "warn"
    order_id_prefix: str | None = None
    id_prefix: str = ""
    priority: int | None = None
    control: Control = Control()
    numbered: Numbered = Field(default_factory=dict)
    expect_every: Intervals = Field(default_factory=dict)
    settle_seconds: Annotated[float, Field(ge=0)] | None = None
    intake: Intake | None = None
    actions_to: WriteBack | None = None
    base: Path = Field(default=Path(), exclude=True)

    @field_validator("format")
    @classmethod
    def _format_exists(cls, value: str) -> str:
        return require_known("format", value, FORMATS)

    @field_validator("path")
    @classmethod
    def _is_no_number(cls, value: list[str]) -> list[str]:
        for each in value:
            if re.fullmatch(r"[-+]?[\d._]+|true|false|yes|no", each, re.IGNORECASE):
                raise ValueError(f"{each} is no path; write ./{each} if a file or folder has this name")
        return value

    @field_validator("feed")
    @classmethod
    def _feed_exists(cls, value: str) -> str:
        return require_known("feed", value, CONTRACTS)

    @field_validator("covers")
    @classmethod
    def _covers_exist(cls, value: list[str]) -> list[str]:
        return [require_known("feed", feed, CONTRACTS) for feed in value]

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
        return require_known("time zone", value, available_timezones())

    @field_validator("decimal", "dates")
    @classmethod
    def _is_for_our_columns(cls, value: Any, info: ValidationInfo) -> Any:
        name = info.data.get("format")
        if value and name not in {None, *MAPPED} and not FORMATS[str(name)].instants:
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
        if info.data.get("format") not in MAPPED:
            return value
        return checked_columns(value, info.data.get("feed"), are_values=info.field_name == "constants")

    @field_validator("ids")
    @classmethod
    def _ids_can_be_made(cls, value: dict[str, list[str]], info: ValidationInfo) -> dict[str, list[str]]:
        return checked_ids(value, info.data.get("feed"), info.data.get("columns"))

    @field_validator("parts")
    @classmethod
    def _parts_are_ours(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        return checked_parts(value, info.data.get("feed"))

    @field_validator("ids", "empty", "decimals", "parts", "promise")
    @classmethod
    def _is_of_a_mapping(cls, value: Any, info: ValidationInfo) -> Any:
        require_mapped(info.data.get("format"))
        return value

    @field_validator("delimiter", "encoding", "header", "sheet", "header_row", "widths")
    @classmethod
    def _is_of_files(cls, value: Any, info: ValidationInfo) -> Any:
        require_one_layout(info.data.get("format"), of_others=info.field_name in {"delimiter", "encoding", "header"})
        return value

    @field_validator("tables")
    @classmethod
    def _are_tables(cls, value: dict[str, Table]) -> dict[str, Table]:
        return checked_tables(value)

    @model_validator(mode="after")
    def _has_what_its_format_needs(self) -> Self:
        require_query(self.format, self.feed, self.query, self.tables)
        require_table(self.format, self.feed, self.table, self.path)
        return self

    @field_validator("words")
    @classmethod
    def _words_become_ours(cls, value: dict[str, dict[str, str]], info: ValidationInfo) -> dict[str, dict[str, str]]:
        return checked_words(value, info.data.get("feed"), info.data.get("format"))

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
        """Return the notation of rows; formats with columns of their own translate that of their files."""
        written = self.file_notation
        return written if self.format in MAPPED else Notation(written.time_zone)

    @property
    def file_notation(self) -> Notation:
        """Return the notation of the files; local times have the source's zone, else its format's, else none."""
        return Notation(self.time_zone or FORMATS[self.format].time_zone, self.decimal, tuple(self.dates))

    @property
    def renamed(self) -> dict[str, tuple[str, ...]]:
        """Return our names, one or several, by column of the files; in a list of columns by the first name."""
        if isinstance(self.columns, list):
            return {names[0]: tuple(names) for names in self.columns if isinstance(names, list)}
        return {theirs: tuple(as_list(ours)) for theirs, ours in self.columns.items()}

    def names(self, ours: str) -> bool:
        """Return whether `columns` makes this column of ours from one of theirs."""
        named = self.columns if isinstance(self.columns, list) else self.columns.values()
        return any(ours in as_list(names) for names in named)

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
        since: dict[str, Any] = {
            "id_prefix": self.id_prefix,
            "decimal": self.decimal,
            "dates": self.dates,
            "guarded": self.guarded,
        }
        since |= {"ids": self.ids, "empty": self.empty}
        since |= {"parts": self.parts, "sheet": self.sheet, "widths": self.widths}
        since |= {"query": self.statement, "tables": {name: table.model_dump() for name, table in self.tables.items()}}
        since["header_row"] = self.header_row if self.header_row > 1 else None
        since["promise"] = self.promise.model_dump() if self.promise else None
        since["decimals"] = None if self.decimals is None else str(self.decimals)
        since["words"] = {name: words for name, words in self.words.items() if is_translated(name, self.feed)}
        since["personal_values"] = self.personal_values == "quarantine"
        mapping |= {key: value for key, value in since.items() if value}
        text = json.dumps([FORMATS[self.format].version, mapping], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SourcesFile:
    """A sources file that was read and found valid."""

    path: Path
    merchant: Merchant
    sources: dict[str, Source]
