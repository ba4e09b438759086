"""Payloads of operators' actions: copy the order line, the units, the warehouse and the promised instant into columns.

These parts are not personal data. The payload itself goes to the vault unchanged. A part fills a column that the source
left empty. A part that does not parse as its column's type is ignored and breaks no rule. The effect of an action
belongs to the dbt models.
"""

from __future__ import annotations

import polars as pl

from orderhouse.contracts import Contract
from orderhouse.contracts.notation import Notation
from orderhouse.contracts.parsing import cleaned, parse

__all__ = ["with_payload_parts"]

PAYLOAD = "payload"
PARTS: dict[str, tuple[str, ...]] = {"actions": ("line_id", "quantity", "warehouse_id", "promised_at")}
# The id of a line or warehouse is a code; a longer text or one with spaces may be personal and stays in the payload.
CODES = ("line_id", "warehouse_id")
CODE = r"^[\w./:#-]{1,64}$"


def with_payload_parts(contract: type[Contract], frame: pl.DataFrame, notation: Notation) -> pl.DataFrame:
    """Return the frame with empty columns filled from the JSON payload of the row.

    Args:
        contract: The feed's contract; the frame of a feed without payloads is returned unchanged.
        frame: Columns as text.
        notation: The source's notation. Only its time zone applies, since JSON has one notation of numbers.
    """
    parts = PARTS.get(contract.feed(), ())
    if not parts or frame.schema.get(PAYLOAD) != pl.String or frame[PAYLOAD].null_count() == frame.height:
        return frame
    frame = cleaned(frame, [part for part in parts if part in frame.columns])
    named = cleaned(frame.select(pl.col(PAYLOAD).str.json_path_match(f"$.{part}").alias(part) for part in parts))
    named = named.with_columns(pl.when(pl.col(part).str.contains(CODE)).then(part).alias(part) for part in CODES)
    read = parse(contract, named, Notation(notation.time_zone)).frame
    usable = [pl.lit(read[part].is_not_null()) for part in parts]
    usable[parts.index("quantity")] &= pl.lit((read["quantity"] > 0).fill_null(False))
    named = named.with_columns(
        pl.when(is_usable).then(part).alias(part) for part, is_usable in zip(parts, usable, strict=True)
    )
    return frame.with_columns(
        pl.coalesce(pl.col(part).cast(pl.String), named[part]).alias(part) if part in frame.columns else named[part]
        for part in parts
    )
