"""Lapsed patches: patches in force whose row no longer exists, because its file was reread and gives another row.

This module finds them and words their reasons, which are stored in `raw.replays`. Replays belong to `replay`.
"""

from __future__ import annotations

import duckdb
import polars as pl

__all__ = ["lapsed_patches"]


def lapsed_patches(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return lapsed patches that were not reported yet, each with its outcome and reasons.

    Args:
        connection: The raw database.
    """
    lapsed: pl.DataFrame = connection.sql(
        """
        with loads as (
            select source, file_id, max(batch_id) as batch_id, arg_max(status, batch_id) as status,
                arg_max(path, batch_id) as path
            from raw.files group by all
        ),
        decisions as (
            select * from raw.repairs
            qualify row_number() over (
                partition by source, file_id, feed, record, row_hash order by batch_id desc, repair_id
            ) = 1
        )
        select decisions.*, loads.path, loads.status, exists (
            select 1 from raw.quarantined_rows as quarantined
            where quarantined.is_current and quarantined.source = decisions.source
                and quarantined.file_id = decisions.file_id
                and quarantined.feed is not distinct from decisions.feed and quarantined.record = decisions.record
        ) as is_still_there
        from decisions
        inner join loads using (source, file_id)
        where decisions.kind = 'patch'
            and not exists (
                select 1 from raw.quarantined_rows as quarantined
                where quarantined.is_current and quarantined.repair_id = decisions.repair_id
            )
            and not exists (
                select 1 from raw.replays
                where replays.repair_id = decisions.repair_id and starts_with(replays.outcome, 'no_longer')
                    and replays.batch_id > loads.batch_id
            )
        order by loads.path, decisions.record
        """
    ).pl()
    applies = pl.col("is_still_there") | (pl.col("status") != "loaded")
    repair = pl.format("{}:{}: the repair {} by {}", "path", "record", "repair_id", "made_by")
    return lapsed.with_columns(
        outcome=pl.when(applies).then(pl.lit("no_longer_applies")).otherwise(pl.lit("no_longer_needed")),
        reasons=pl.when(~applies)
        .then(
            pl.concat_str(
                repair, pl.lit(" is no longer needed: the file was read again, and the row is accepted as it came.")
            )
        )
        .when(pl.col("is_still_there"))
        .then(
            pl.concat_str(
                repair,
                pl.lit(
                    " no longer applies: the file was read again, and the row reads differently and breaks a rule "
                    "still. Repair it anew: orderhouse quarantine list --state open"
                ),
            )
        )
        .otherwise(pl.concat_str(repair, pl.lit(" no longer applies: the file was rejected when it was read again."))),
    )
