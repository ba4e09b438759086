"""Rows in quarantine for the people who put them right: as received, with personal values if asked.

Reads only. Which rows there are and how they stand is in `quarantined`; the values behind tokens are the vault's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from orderhouse.vault.vault import Vault

__all__ = ["revealed", "spread"]

TOKEN = "_token"  # noqa: S105 - the end of a column's name
ERASED = "(erased)"
FACTS = ("quarantine_id", "state", "source", "feed", "path", "record", "rules", "reasons")


def revealed(rows: Iterable[str | None], vault: Vault) -> list[dict[str, str]]:
    """Rows as JSON, with the values behind their tokens; those of people who were erased say so."""
    decoded: list[dict[str, str]] = [json.loads(row or "{}") for row in rows]
    tokens = {value for row in decoded for name, value in row.items() if name.endswith(TOKEN)}
    values = vault.reveal(tokens)
    return [
        {
            name.removesuffix(TOKEN): values.get(value, ERASED) if name.endswith(TOKEN) else value
            for name, value in row.items()
        }
        for row in decoded
    ]


def spread(rows: Sequence[dict[str, Any]], vault: Vault | None = None) -> pl.DataFrame:
    """Rows of the quarantine with a column for each of theirs, for whoever sent them to look up and correct.

    Args:
        rows: From `quarantined`.
        vault: To reveal what is behind tokens; None leaves them.
    """
    texts = [row["row_json"] for row in rows]
    fields = revealed(texts, vault) if vault else [json.loads(text or "{}") for text in texts]
    columns = list(dict.fromkeys(name for row in fields for name in row))
    spread_out = pl.DataFrame(
        {f"row.{name}": [row.get(name) for row in fields] for name in columns},
        schema={f"row.{name}": pl.String() for name in columns},
    )
    facts = pl.DataFrame({name: [row[name] for row in rows] for name in FACTS})
    return pl.concat([facts, spread_out], how="horizontal")
