"""Promises of a source about its files: control totals, ids without gaps, and the interval between files.

They are read from ``sources.yaml``, the totals also from a side file beside a data file. The comparison with the data
belongs in `ingest` (totals) and in dbt (gaps, freshness).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from orderhouse.sources.readers.json_text import load_json

__all__ = [
    "ALL_FEEDS",
    "FILES",
    "NUMBERED_COLUMNS",
    "Control",
    "Intervals",
    "Numbered",
    "Totals",
    "checked_intervals",
    "checked_numbering",
    "interval_seconds",
    "read_totals",
]

ALL_FEEDS = "*"
FILES = "files"
# The column whose ids may be numbered; the model `int_numbered_ids` reads the same columns.
NUMBERED_COLUMNS = {
    "orders": "order_id",
    "payments": "payment_id",
    "shipments": "shipment_id",
    "returns": "return_id",
    "stock": "movement_id",
    "inbound": "po_id",
    "customers": "customer_id",
    "price_lists": "price_list_id",
    "carts": "cart_id",
    "feedback": "feedback_id",
    "actions": "action_id",
}
# Digits only: an exponent or a thousands separator would leave open which sum is meant.
EXACT = re.compile(r"[+-]?\d{1,20}(\.\d{1,8})?")
INTERVAL = re.compile(r"([1-9]\d{0,4})\s*(m|h|d|w)")
SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
# Syntax of Python's regular expressions that DuckDB or Java lacks.
NOT_SHARED = re.compile(r"\(\?(?!:)|\\[1-9AZ]")


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,15}", value.strip()) else value


def _one_or_all(value: Any) -> Any:
    return {ALL_FEEDS: value} if isinstance(value, str) else value


def _lists(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: [each] if isinstance(each, str) else each for key, each in value.items()}


class Totals(BaseModel):
    """Control totals of a file: its number of records, and exact sums of columns over all of them.

    Attributes:
        rows: Number of records, None if not stated.
        sums: Sum as decimal text by column (theirs or ours, ``feed.column`` where a file gives several feeds).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Annotated[int | None, BeforeValidator(_whole)] = Field(default=None, ge=0)
    sums: dict[str, str] = Field(default_factory=dict)

    @field_validator("sums")
    @classmethod
    def _are_exact(cls, value: dict[str, str]) -> dict[str, str]:
        for column, total in value.items():
            if not EXACT.fullmatch(total.strip()):
                raise ValueError(f"{total!r} is no exact sum of {column}; write one such as '1234.50'")
        return value


class Control(Totals):
    """The control totals of a source that is one file, and the action on a file that differs from its totals.

    Attributes:
        on_mismatch: ``warn`` loads the file and marks it; ``reject`` loads nothing of it.
    """

    on_mismatch: Literal["warn", "reject"] = "warn"

    @property
    def states_totals(self) -> bool:
        """Return whether there are totals, and not only the action on a difference."""
        return self.rows is not None or bool(self.sums)


Intervals = Annotated[dict[str, str], BeforeValidator(_one_or_all)]
Numbered = Annotated[dict[str, list[str]], BeforeValidator(_lists)]


def read_totals(text: str) -> Totals:
    """Return the totals that a side file states.

    Raises:
        ValueError: The text states no totals; the message gives the reason.
    """
    try:
        value = load_json(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError('it is not a JSON object such as {"rows": 500, "sums": {"amount": "1234.50"}}')
    try:
        totals = Totals.model_validate(value)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(key) for key in problem["loc"])
        raise ValueError(f"{where}: {problem['msg'].removeprefix('Value error, ')}") from None
    if totals.rows is None and not totals.sums:
        raise ValueError("it states neither rows nor sums")
    return totals


def interval_seconds(text: str) -> int:
    """Return ``15m``, ``6h``, ``1d`` or ``2w`` in seconds.

    Raises:
        ValueError: The text is not an interval.
    """
    found = INTERVAL.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not an interval; write one such as 15m, 6h, 1d or 2w")
    return int(found[1]) * SECONDS[found[2]]


def checked_intervals(value: dict[str, str], feeds: Iterable[str]) -> dict[str, str]:
    """Return intervals by feed, or one for all feeds of a source, after checking them.

    Raises:
        ValueError: A feed or an interval does not exist.
    """
    known = list(feeds)
    for feed, text in value.items():
        if feed != ALL_FEEDS and feed not in known:
            raise ValueError(f"there is no feed {feed!r}; there are {', '.join(known)}")
        interval_seconds(text)
    return value


def checked_numbering(value: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the numbered column by feed, and patterns with one number for ``files``, after checking them.

    Raises:
        ValueError: A feed has no numbered ids, a column is not the numbered one, or a pattern is invalid.
    """
    for feed, names in value.items():
        if feed == FILES:
            for pattern in names:
                _check_pattern(pattern)
        elif feed not in NUMBERED_COLUMNS:
            known = ", ".join([*NUMBERED_COLUMNS, FILES])
            raise ValueError(f"{feed!r} has no ids that can be numbered; these have: {known}")
        elif names != [NUMBERED_COLUMNS[feed]]:
            column = NUMBERED_COLUMNS[feed]
            raise ValueError(f"the numbered ids of {feed} are in {column}; write {feed}: {column}")
    return value


def _check_pattern(pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
    if groups != 1 or NOT_SHARED.search(pattern):
        raise ValueError(rf"{pattern!r} must have exactly one group, the number, such as orders-(\d+)")
