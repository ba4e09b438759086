"""Queries on a published version that the command line and the dashboards share.

The definitions of all numbers belong to dbt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.serve.kpis import complete_days, kpis_of_periods
from orderhouse.serve.relations import published_tables, quoted

__all__ = [
    "FILE_COUNTS",
    "OrderView",
    "exceptions_by_code",
    "control_findings",
    "feed_freshness",
    "file_counts",
    "find_order",
    "find_order_by_tracking_id",
    "headline_kpis",
    "quarantine_counts",
    "quarantined_rows",
    "rows_of",
]

Row = dict[str, Any]

# The parts of an order besides its own row: table, and order of rows.
PARTS = {
    "lines": ("ops.order_lines", "line_id"),
    "timeline": ("ops.order_timeline", "occurred_at, event_number"),
    "payments": ("ops.payments", "occurred_at, payment_id"),
    "shipments": ("ops.shipments", "shipped_at, shipment_id"),
    "returns": ("ops.returns", "1, 2, 3"),
    "exceptions": ("ops.exceptions", "amount_at_stake_reporting desc nulls last, opened_at, code"),
}

# Rows of feeds: one record of a bundle or an order of a platform gives rows of several feeds, and each counts.
FILE_COUNTS = """
    select
        count(distinct file_id) as files,
        count(distinct file_id) filter (status = 'rejected') as rejected_files,
        coalesce(sum(rows_in), 0)::bigint as rows_in,
        coalesce(sum(accepted), 0)::bigint as accepted,
        coalesce(sum(duplicate), 0)::bigint as duplicate,
        coalesce(sum(quarantined), 0)::bigint as quarantined,
        count(*) filter (rows_in <> accepted + duplicate + quarantined) as unbalanced
    from quality.files
    where not is_superseded
"""

# Query for the sentence of `status` about each table of findings; no row if there are no findings.
CONTROL_FINDINGS = {
    "quality.controls": """
        with wrong as (
            select count(distinct (source, file_id)) as files, min(detail) as detail
            from quality.controls where is_current and status = 'failed'
        )
        select files || case files when 1 then ' file does not match its' else ' files do not match their' end
            || ' control totals. For example: ' || detail
        from wrong where files > 0
    """,
    "quality.sequence_gaps": """
        with missing as (
            select missing, source || ', ' || feed || ' ' || case feed when 'files' then '' else prefix end || gap_from
                || case when gap_to > gap_from then ' to ' || gap_to else '' end as gap
            from quality.sequence_gaps where missing > 0
        )
        select sum(missing) || case sum(missing) when 1 then ' number is' else ' numbers are' end
            || ' missing from numbered ids or files. For example: ' || min(gap) || '.'
        from missing having count(*) > 0
    """,
    "quality.drift": """
        with found as (
            select received_at, path || ' (' || concat_ws(' ', replace(kind, '_', ' '), column_name, after_value) || ')'
                as finding
            from quality.drift where severity = 'warn'
        )
        select case count(*) when 1 then 'One drift against earlier files: '
            else count(*) || ' drifts against earlier files, the last of them: ' end
            || arg_max(finding, (received_at, finding)) || '.'
        from found having count(*) > 0
    """,
}


class OrderView:
    """One order with all its parts.

    Attributes:
        order: Its row of `ops.orders`.
        parts: Lines, timeline, payments, shipments, returns and exceptions, as rows.
    """

    def __init__(self, order: Row, parts: dict[str, list[Row]]) -> None:
        self.order = order
        self.parts = parts


def rows_of(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | dict[str, Any] | None = None
) -> list[Row]:
    """Return the result of a query as one mapping per row."""
    cursor = connection.execute(query, parameters or [])
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def find_order(connection: duckdb.DuckDBPyConnection, order_id: str) -> OrderView:
    """Return one order by its id.

    Raises:
        OrderhouseError: There is no such order; the message names similar ids.
    """
    found = rows_of(connection, "select * from ops.orders where order_id = ?", [order_id])
    if not found:
        raise OrderhouseError(f"There is no order {order_id!r}.{_near(connection, order_id)}")
    return _view(connection, found[0])


def find_order_by_tracking_id(connection: duckdb.DuckDBPyConnection, tracking_id: str) -> OrderView:
    """Return one order by the tracking id that customers are given.

    Raises:
        OrderhouseError: There is no such tracking id. The message suggests none, since they must not be guessed.
    """
    found = rows_of(connection, "select * from ops.orders where tracking_id = ?", [tracking_id.strip().upper()])
    if not found:
        raise OrderhouseError(f"There is no order with the tracking id {tracking_id!r}.")
    return _view(connection, found[0])


def _view(connection: duckdb.DuckDBPyConnection, order: Row) -> OrderView:
    present = set(published_tables(connection))
    parts = {
        name: rows_of(
            connection,
            f"select * from {quoted(table)} where order_id = ? order by {order_by}",  # noqa: S608 - names from PARTS
            [order["order_id"]],
        )
        for name, (table, order_by) in PARTS.items()
        if table in present
    }
    return OrderView(order, parts)


def _near(connection: duckdb.DuckDBPyConnection, order_id: str) -> str:
    close = connection.execute(
        "select order_id from ops.orders where levenshtein(order_id, $asked) <= 2 "
        "order by levenshtein(order_id, $asked), order_id limit 3",
        {"asked": order_id},
    ).fetchall()
    return f" Similar ids: {', '.join(name for (name,) in close)}." if close else ""


def headline_kpis(connection: duckdb.DuckDBPyConnection, days: int = 28) -> list[Row]:
    """Return each KPI over the latest complete business days, and over as many days before those.

    The catalogue gives the aggregation, see `orderhouse.serve.kpis`.

    Args:
        connection: A published version.
        days: Number of business days.

    Returns:
        kpi, name, unit, direction, target, recent and earlier (None if a day has no value or the denominator is 0), the
        numerator and denominator of recent, compared and compared_with, immature_days, and last_date of the days.
    """
    clock = connection.execute("select business_date from marts.as_of").fetchone()
    if clock is None:
        return []
    first, last = complete_days(clock[0], days)
    bounds = [first, last, *complete_days(first, days)]
    return [{"last_date": last, **row} for row in rows_of(connection, kpis_of_periods(), bounds)]


def exceptions_by_code(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the exceptions in the worklist by code, the most severe first: number, oldest instant and advice."""
    return rows_of(
        connection,
        """
        select code, severity, count(*) as open_exceptions, min(opened_at) as oldest_at, min(what_to_do) as what_to_do
        from ops.exceptions
        where is_in_worklist
        group by code, severity
        order by
            case severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end,
            open_exceptions desc, code
        """,
    )


def file_counts(connection: duckdb.DuckDBPyConnection) -> Row:
    """Return the numbers of files and rows received; rows_in = accepted + duplicate + quarantined."""
    return rows_of(connection, FILE_COUNTS)[0]


def control_findings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return sentences about control totals that do not hold, gaps in numbers, and drift.

    Returns:
        At most one sentence per kind of finding, with an example; none for a version of an earlier release.
    """
    present = set(published_tables(connection))
    return [
        sentence
        for table, query in CONTROL_FINDINGS.items()
        if table in present
        for (sentence,) in connection.execute(query).fetchall()
    ]


FRESHNESS_COLUMNS = (
    "source",
    "feed",
    "expected_every",
    "due_at",
    "freshness_status",
    "newest_event_date",
    "quiet_days",
    "allowed_quiet_days",
)


def feed_freshness(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return files, accepted rows, last receipt (UTC), due instant (UTC) and freshness, by source and feed.

    A feed that is expected and never came has a row too. The status is by the clock of the version; a caller that shows
    the present compares `due_at` with the wall clock.
    """
    present = connection.execute(
        "select column_name from information_schema.columns where table_schema = 'quality' and table_name = 'freshness'"
    ).fetchall()
    # A version of an earlier release has fewer of these columns, or none.
    columns = ", ".join(name if (name,) in present else f"null as {name}" for name in FRESHNESS_COLUMNS)
    promises = f"select {columns} from quality.freshness" if present else f"select {columns}"  # noqa: S608 - as above
    return rows_of(
        connection,
        f"""
        with received as (
            select source, feed, count(distinct file_id) as files, sum(accepted)::bigint as accepted,
                max(received_at) as last_received_at
            from quality.files
            where feed is not null and not is_superseded
            group by source, feed
        ),
        promises as ({promises})
        select source, feed, coalesce(files, 0) as files, coalesce(accepted, 0) as accepted, last_received_at,
            expected_every, due_at::timestamp as due_at, freshness_status, newest_event_date, quiet_days,
            allowed_quiet_days
        from received full join promises using (source, feed)
        where source is not null
        order by source, feed
        """,  # noqa: S608 - a query from above
    )


def quarantine_counts(connection: duckdb.DuckDBPyConnection) -> Row:
    """Return the numbers of open and patch_failed rows, and of repairs that no longer apply to such rows."""
    return rows_of(
        connection,
        """
        select
            (select count(*) from quality.quarantine where state = 'open') as open,
            (select count(*) from quality.quarantine where state = 'patch_failed') as patch_failed,
            (
                select count(*) from quality.repairs as repairs
                where repairs.state = 'no_longer_applies' and exists (
                    select 1 from quality.quarantine as waiting
                    where waiting.state in ('open', 'patch_failed') and waiting.source = repairs.source
                        and waiting.file_id = repairs.file_id and waiting.feed = repairs.feed
                        and waiting.record = repairs.record
                )
            ) as no_longer_applies
        """,
    )[0]


def quarantined_rows(
    connection: duckdb.DuckDBPyConnection,
    *,
    feed: str | None = None,
    source: str | None = None,
    quarantine_id: str | None = None,
    rule: str | None = None,
    states: Sequence[str] | None = None,
    limit: int = 50,
) -> list[Row]:
    """Return quarantined rows of a published version, the latest first.

    Args:
        connection: A published version.
        feed: Only rows of this feed.
        source: Only rows of this source.
        quarantine_id: Only the row whose id begins with these characters.
        rule: Only rows that broke this rule.
        states: Only rows of these states.
        limit: Greatest number of rows.
    """
    return rows_of(
        connection,
        """
        select * from quality.quarantine
        where ($feed is null or feed = $feed) and ($source is null or source = $source)
            and ($id is null or starts_with(quarantine_id, $id))
            and ($rule is null or list_contains(from_json(rules, '["varchar"]'), $rule))
            and ($states is null or list_contains($states, state))
        order by received_at desc, path, record
        limit $limit
        """,
        {"feed": feed, "source": source, "id": quarantine_id, "rule": rule, "states": states, "limit": limit},
    )
