"""Customer ids that are an e-mail address or a telephone number: rows hold the token of the address in their place.

The token is that of an equal value in a column `email` or `phone`. So an erasure, a restore and a suppression treat
both alike. The prefix of the source stays before the token, so that the ids of two sources stay apart. Search for a
person belongs to `orderhouse.erasure`.
"""

from __future__ import annotations

import re

import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.sentences import LOOKS_PERSONAL
from orderhouse.vault.vault import TOKEN_CHARACTERS, TOKEN_MARK, Vault

__all__ = ["CUSTOMER", "FEEDS", "TOKEN_IN_ID", "kind_of_id", "with_tokens_for_ids"]

CUSTOMER = "customer_id"
FEEDS = tuple(feed for feed, contract in CONTRACTS.items() if CUSTOMER in contract.fields())
# SQL expression: the end of an id, which is the token if the id has one.
TOKEN_IN_ID = f"right({CUSTOMER}, {TOKEN_CHARACTERS})"
ADDRESS = "@"


def kind_of_id(written: str) -> str | None:
    """Return the kind under which the vault keeps an id without its prefix; None if the id is not personal."""
    if ADDRESS in written:
        return "email"
    return "phone" if re.search(LOOKS_PERSONAL, written) else None


def with_tokens_for_ids(frame: pl.DataFrame, vault: Vault, prefix: str = "") -> tuple[pl.DataFrame, int]:
    """Return the frame with tokens in place of personal customer ids, and the number of rows with such an id.

    The values become pending in the vault. The mark of an erased value is read as its token.

    Args:
        frame: Columns of one feed; text must be trimmed.
        vault: Stores the values and returns tokens.
        prefix: Prefix that the ids have already; it stays before the token.
    """
    if frame.schema.get(CUSTOMER) != pl.String:
        return frame, 0
    ids = frame[CUSTOMER]
    written = ids.str.strip_prefix(prefix)
    is_mark = written.str.contains(f"^{TOKEN_MARK}$")
    is_personal = (written.str.contains(LOOKS_PERSONAL) | is_mark).fill_null(False)
    if not is_personal.any():
        return frame, 0
    is_address = is_personal & (written.str.contains(ADDRESS, literal=True) | is_mark)
    parts = pl.DataFrame({"written": written, "is_address": is_address, "is_phone": is_personal & ~is_address})
    split = parts.select(email=pl.when("is_address").then("written"), phone=pl.when("is_phone").then("written"))
    tokens = vault.tokenise(split, {"email": "email", "phone": "phone"})
    replaced = pl.select(
        pl.when(is_personal)
        .then(
            pl.when(ids.str.starts_with(prefix)).then(pl.lit(prefix)).otherwise(pl.lit(""))
            + pl.coalesce(tokens["email_token"], tokens["phone_token"])
        )
        .otherwise(ids)
        .alias(CUSTOMER)
    )
    return frame.with_columns(replaced.to_series()), int(is_personal.sum())
