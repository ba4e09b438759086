"""What an operator's action names in its payload and is nobody's personal data: line, units, promised instant.

The payload itself goes to the vault as it is. Its parts fill columns that the source left empty; a part that does not
read as its column's type is left in the payload and makes no row bad. What the parts do belongs in the dbt models.
"""

from __future__ import annotations

import polars as pl

from orderhouse.contracts import Contract
from orderhouse.contracts.notation import Notation
from orderhouse.contracts.parsing import cleaned, parse

__all__ = ["with_payload_parts"]

PAYLOAD = "payload"
PARTS: dict[str, tuple[str, ...]] = {"actions": ("line_id", "quantity", "promised_at")}
# A line's number is a code; anything longer or with spaces may be somebody's words.
CODE = r"^[\w./:#-]{1,64}$"


def with_payload_parts(contract: type[Contract], frame: pl.DataFrame, notation: Notation) -> pl.DataFrame:
    """Fill empty columns from the JSON beside them.

    Args:
        contract: The feed's contract; nothing happens to a feed whose rows carry no payload.
        frame: Columns as text.
        notation: Has the zone of instants without offset, if the source declares one; JSON writes numbers one way.
    """
    parts = PARTS.get(contract.feed(), ())
    if not parts or frame.schema.get(PAYLOAD) != pl.String or frame[PAYLOAD].null_count() == frame.height:
        return frame
    frame = cleaned(frame, [part for part in parts if part in frame.columns])
    named = cleaned(frame.select(pl.col(PAYLOAD).str.json_path_match(f"$.{part}").alias(part) for part in parts))
    named = named.with_columns(pl.when(pl.col("line_id").str.contains(CODE)).then("line_id").alias("line_id"))
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
