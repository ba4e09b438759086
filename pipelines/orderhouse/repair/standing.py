"""Standing repairs: decisions by rule that also hold for rows of later files, declared in `repairs.yaml`.

The file is beside the sources file. After each ingest its decisions are recorded for rows about which nobody has
decided yet, like decisions that a person records. Applying them belongs to `replay`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

import duckdb
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from orderhouse.config_values import TYPE_MESSAGES, nearest_sentence, require_known
from orderhouse.contracts import CONTRACTS
from orderhouse.errors import OrderhouseError
from orderhouse.repair.decisions import record_discards, record_patches
from orderhouse.repair.state import Selection, quarantined
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.readers.yaml_lines import line_of, read_yaml
from orderhouse.vault.vault import Vault
from orderhouse.wording import counted

__all__ = ["FILE_NAME", "StandingRepair", "load_standing", "record_standing"]

FILE_NAME = "repairs.yaml"
Text = Annotated[str, Field(min_length=1)]


class StandingRepair(BaseModel):
    """A decision about every row of a feed that breaks a rule.

    Attributes:
        feed: The feed.
        rule: The broken rule, such as ``currency|iso_4217``.
        source: The source of the rows; by default any.
        set: New values by column, as the source would write them.
        discard: True if the rows are left out for good.
        why: The reason, for the record.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: str
    rule: Text
    source: str | None = None
    set: dict[str, str] = Field(default_factory=dict)
    discard: bool = False
    why: Text

    @field_validator("feed")
    @classmethod
    def _feed_exists(cls, value: str) -> str:
        return require_known("feed", value, CONTRACTS)

    @model_validator(mode="after")
    def _decides_one_thing(self) -> Self:
        """Require values or a discard, and columns that the feed has."""
        if bool(self.set) == self.discard:
            raise ValueError("give either `set` with values, or `discard: true`")
        for column in self.set:
            require_known(f"column of {self.feed}", column, CONTRACTS[self.feed].fields())
        return self


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    repairs: list[StandingRepair]


def load_standing(path: Path, sources: Mapping[str, Source]) -> list[StandingRepair]:
    """Return the standing repairs of a file; none if it does not exist.

    Raises:
        OrderhouseError: The file has a mistake; the message gives file and line.
    """
    if not path.exists():
        return []
    document, lines = read_yaml(path, "file of repairs", "repairs:", "repairs.yaml")
    try:
        repairs = _Document.model_validate(document).repairs
    except ValidationError as error:
        problem = error.errors()[0]
        said = TYPE_MESSAGES.get(problem["type"], problem["msg"].removeprefix("Value error, "))
        where = ": ".join(str(key) for key in problem["loc"] if isinstance(key, str))
        raise OrderhouseError(f"{path}:{line_of(problem['loc'], lines)}: {where}: {said}.") from None
    for number, each in enumerate(repairs):
        if each.source is not None and each.source not in sources:
            line = line_of(("repairs", number, "source"), lines)
            raise OrderhouseError(f"{path}:{line}: {nearest_sentence('source', each.source, sources)}")
    return repairs


def record_standing(
    connection: duckdb.DuckDBPyConnection, vault: Vault, sources: Mapping[str, Source], path: Path
) -> list[str]:
    """Record the standing repairs of rows about which nobody has decided, and return a sentence for each repair.

    The first repair in the file that matches a row counts.

    Args:
        connection: The raw database, open for writing.
        vault: Store of values that are or may be personal.
        sources: The declared sources.
        path: The file.

    Raises:
        OrderhouseError: The file has a mistake.
    """
    sentences: list[str] = []
    for each in load_standing(path, sources):
        wanted = Selection(feed=each.feed, source=each.source, rule=each.rule, states=["open"])
        rows = quarantined(connection, wanted)
        ids = [row["quarantine_id"] for row in rows if row["repair_kind"] is None and row["source"] in sources]
        if not ids:
            continue
        if each.discard:
            record_discards(connection, ids, why=each.why, who=path.name)
        else:
            record_patches(connection, vault, sources, ids, each.set, why=each.why, who=path.name)
        done = f"{'Left out' if each.discard else 'Repaired'} {counted(len(ids), 'row')}"
        sentences.append(f"{done} of {each.feed} by {path.name}, for {each.rule}: {each.why}.")
    return sentences
