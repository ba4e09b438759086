"""Rescreening: apply patches to quarantined rows and screen them like the rows of their files.

The choice of rows and the use of the outcome belong to `replay`.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import polars.selectors as cs

from orderhouse.contracts import CONTRACTS
from orderhouse.ingest.personal_ids import CUSTOMER, with_tokens_for_ids
from orderhouse.ingest.screening import PART, screen
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.readers.records import RECORD
from orderhouse.vault.vault import Vault

__all__ = ["rescreen"]

RECORD_TEXT = "record_text_token"


def rescreen(
    rows: pl.DataFrame, sources: Mapping[str, Source], vault: Vault
) -> tuple[dict[str, list[pl.DataFrame]], pl.DataFrame]:
    """Screen quarantined rows again, with their patches.

    Args:
        rows: Rows of `raw.quarantined_rows`, each with its part.
        sources: The declared sources.
        vault: Store of the values behind the rows' tokens.

    Returns:
        The accepted rows by feed, and `_part` and `breaks` of all other rows: the reasons why they stay in quarantine.
    """
    schema = {PART: pl.Int64(), "breaks": pl.String()}
    verdicts: list[pl.DataFrame] = [pl.DataFrame(schema=schema)]
    accepted: dict[str, list[pl.DataFrame]] = {}
    out = (pl.col("repair_kind").fill_null("") == "discard") | pl.col("feed").is_null()
    # A malformed record has no columns to screen until a patch gives some.
    unread = pl.col("row_json").str.contains(f'"{RECORD_TEXT}"', literal=True) & (
        pl.col("repair_kind").fill_null("") != "patch"
    )
    verdicts.append(rows.filter(out | unread).select(PART, breaks="reasons"))
    for (name, feed), group in rows.filter(~(out | unread)).group_by("source", "feed", maintain_order=True):
        source = sources[str(name)]
        frame, erased = _with_patches(str(feed), group, source, vault)
        verdicts.append(erased)
        frame = frame.join(erased, on=PART, how="anti", maintain_order="left")
        if source.personal_values != "allow":  # rows of earlier releases hold such ids as unreadable values
            prefix = source.id_prefixes(str(feed)).get(CUSTOMER, "")
            frame, _ = with_tokens_for_ids(frame, vault, prefix)
        tokens = frame.select(PART, cs.ends_with("_token"))
        # The stored rows have their constants and prefixes already.
        plain = source.without_prefixes().model_copy(update={"constants": {}})
        screened = screen(str(feed), frame.drop(cs.ends_with("_token")), plain, vault)
        stored = screened.accepted.drop([each for each in tokens.columns if each != PART])
        accepted.setdefault(str(feed), []).append(stored.join(tokens, on=PART, maintain_order="left"))
        verdicts.append(screened.quarantined.select(PART, breaks="reasons"))
    return accepted, pl.concat(verdicts)


def _with_patches(feed: str, rows: pl.DataFrame, source: Source, vault: Vault) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return rows with their patches, as text, with tokens in personal columns; and rows with an erased value."""
    contract = CONTRACTS[feed]
    personal = contract.personal()
    names = [*contract.fields(), *(f"{name}_token" for name in contract.fields()), RECORD_TEXT]
    shape = pl.Struct(dict.fromkeys(names, pl.String()))
    decoded = rows.select(
        PART,
        pl.col("record").alias(RECORD),
        pl.col("row_json").str.json_decode(shape).alias("row"),
        pl.when(pl.col("repair_kind") == "patch").then("fields").fill_null("{}").str.json_decode(shape).alias("patch"),
    )
    of_row, of_patch = pl.col("row").struct, pl.col("patch").struct
    constants = {name: value for name, value in source.constants.items() if name in contract.fields()}
    is_whole = of_row.field(RECORD_TEXT).is_not_null()
    odd = [name for name in contract.fields() if name not in personal]
    tokens = decoded.select(
        PART,
        *(_token(name) for name in contract.fields()),
    )
    revealed = vault.reveal(tokens.select(f"{name}_token" for name in odd).unpivot()["value"].drop_nulls().unique())
    values = decoded.join(tokens, on=PART, maintain_order="left").select(
        PART,
        RECORD,
        *(f"{name}_token" for name in personal),
        *(
            pl.coalesce(
                of_patch.field(name),
                pl.col(f"{name}_token").replace_strict(revealed, default=None, return_dtype=pl.String),
                of_row.field(name),
                pl.when(is_whole).then(pl.lit(constants.get(name), pl.String)),
            ).alias(name)
            for name in odd
        ),
        *(
            (pl.col(f"{name}_token").is_not_null() & ~pl.col(f"{name}_token").is_in(list(revealed))).alias(
                f"{name}_erased"
            )
            for name in odd
        ),
    )
    lost = [pl.when(f"{name}_erased").then(pl.lit(f"{name} is no longer in the vault")) for name in odd]
    erased = values.select(PART, breaks=pl.concat_str(lost, separator="; ", ignore_nulls=True)).filter(
        pl.col("breaks") != ""
    )
    return values.drop(cs.ends_with("_erased")), erased


def _token(name: str) -> pl.Expr:
    """Return the token of a value: that of the patch, or that of the row if the patch does not name the column."""
    row, patch = pl.col("row").struct, pl.col("patch").struct
    of_row = pl.when(patch.field(name).is_null()).then(row.field(f"{name}_token"))
    return pl.coalesce(patch.field(f"{name}_token"), of_row).alias(f"{name}_token")
