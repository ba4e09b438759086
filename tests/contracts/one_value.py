"""One value of a feed's column, parsed."""

from __future__ import annotations

from typing import Any

import polars as pl
from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.notation import Notation
from orderhouse.contracts.parsing import parse


def parsed(feed: str, column: str, text: str, notation: Notation | None = None) -> tuple[Any, list[str]]:
    """Return the parsed value and the rules that it broke. A null beside it must stay null and break none."""
    frame = pl.DataFrame({column: [text, None]}, schema={column: pl.String()})
    result = parse(CONTRACTS[feed], frame, notation or Notation())
    assert result.frame[column][1] is None
    broken = [rule.split("|")[1] for rule, mask in result.failures.items() if mask[0]]
    assert not any(mask[1] for mask in result.failures.values())
    return result.frame[column][0], broken
