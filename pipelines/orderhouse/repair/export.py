"""Tables of quarantined rows as received, for the people who correct them, with personal values on request.

This module writes nothing. The choice of rows and their state belong to `state`, values behind tokens to the vault.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from orderhouse.ingest.personal_ids import CUSTOMER
from orderhouse.vault.vault import TOKEN_CHARACTERS, Vault

__all__ = ["reveal_rows", "rows_as_table"]

TOKEN = "_token"  # noqa: S105 - the end of a column's name
ERASED = "(erased)"
MISSING = "(not in the vault)"
FACTS = ("quarantine_id", "state", "source", "feed", "path", "record", "rules", "reasons")


def reveal_rows(rows: Iterable[str | None], vault: Vault) -> list[dict[str, str]]:
    """Return rows, given as JSON, with the values behind their tokens.

    Values of erased people read ``(erased)``, and values that the vault has lost ``(not in the vault)``.
    """
    decoded: list[dict[str, str]] = [json.loads(row or "{}") for row in rows]
    tokens = {value for row in decoded for name, value in row.items() if name.endswith(TOKEN)}
    tokens |= {row[CUSTOMER][-TOKEN_CHARACTERS:] for row in decoded if CUSTOMER in row}
    values = {token: ERASED for token in tokens & vault.suppressed()} | vault.reveal(tokens)
    return [
        {
            name.removesuffix(TOKEN): values.get(value, MISSING)
            if name.endswith(TOKEN)
            else _shown(name, value, values)
            for name, value in row.items()
        }
        for row in decoded
    ]


def _shown(name: str, value: str, values: Mapping[str, str]) -> str:
    """Return the value of a column that holds no token of its own; the id of a customer may end in one."""
    if name != CUSTOMER:
        return value
    return value[:-TOKEN_CHARACTERS] + values.get(value[-TOKEN_CHARACTERS:], value[-TOKEN_CHARACTERS:])


def rows_as_table(rows: Sequence[dict[str, Any]], vault: Vault | None = None) -> pl.DataFrame:
    """Return quarantined rows as one table, with one column ``row.<name>`` for each column of the rows.

    Args:
        rows: Rows of `state.quarantined`.
        vault: The vault, to reveal the values behind tokens; None keeps the tokens.
    """
    texts = [row["row_json"] for row in rows]
    fields = reveal_rows(texts, vault) if vault else [json.loads(text or "{}") for text in texts]
    columns = list(dict.fromkeys(name for row in fields for name in row))
    columns_of_rows = pl.DataFrame(
        {f"row.{name}": [row.get(name) for row in fields] for name in columns},
        schema={f"row.{name}": pl.String() for name in columns},
    )
    facts = pl.DataFrame({name: [row[name] for row in rows] for name in FACTS})
    return pl.concat([facts, columns_of_rows], how="horizontal")
