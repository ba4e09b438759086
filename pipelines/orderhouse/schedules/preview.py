"""Preview of a schedule: what it would send now, without sending or storing anything."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from fnmatch import fnmatchcase

import polars as pl

from orderhouse.access.roles import Role
from orderhouse.messages.configuration import load_configuration
from orderhouse.messages.locales import locale_of
from orderhouse.messages.operators import operator_text
from orderhouse.messages.templates import Text
from orderhouse.operations.store import open_store
from orderhouse.schedules.handing import DIGEST
from orderhouse.schedules.making import query_of
from orderhouse.schedules.schedule import Schedule
from orderhouse.schedules.states import seen_last
from orderhouse.schedules.worklists import worklist_of
from orderhouse.serve.apart import answer_apart
from orderhouse.serve.publishing import PublishedVersion
from orderhouse.serve.without_people import PERSONAL, check_report_query, open_without_people
from orderhouse.settings import Settings
from orderhouse.storage.readers import limited_errors

__all__ = ["digest_now", "rows_now"]


def digest_now(settings: Settings, schedule: Schedule, role: Role, version: PublishedVersion) -> Text:
    """Return the digest that a worklist would send now.

    Raises:
        OrderhouseError: The role does not see the exceptions, or the text has a mistake.
    """
    configuration = load_configuration(settings)
    found = worklist_of(
        settings, schedule, role, version, datetime.now(UTC),
        seen=seen_last(open_store(settings), schedule.name), pages_url=configuration.pages_url,
    )  # fmt: skip
    locale = locale_of(schedule.language, None, configuration.language)
    return operator_text(configuration, DIGEST, locale, version.business_time_zone, found.payload)[1]


def rows_now(
    settings: Settings, schedule: Schedule, role: Role, version: PublishedVersion, *, most: int
) -> pl.DataFrame:
    """Return the first rows that a report would have now. A query that a person wrote runs in a process of its own.

    Raises:
        OrderhouseError: The query fails, or reaches a limit.
    """
    query = query_of(settings, schedule, role, version).rstrip().rstrip(";")
    with (
        contextlib.closing(open_without_people(settings, role=role, version=version.number)) as reader,
        limited_errors(settings),
    ):
        check_report_query(reader, query)
        if schedule.kind == "figure":
            found = reader.execute(f"select * from ({query}\n) as report limit {most}")  # noqa: S608 - our own query
            names = [column[0] for column in found.description or []]
            return pl.DataFrame(found.fetchall(), schema=names, orient="row", infer_schema_length=None)
    shown = answer_apart(settings, query, role=role, version=version.number, rows=most).rows
    return shown.drop([name for name in shown.columns if any(fnmatchcase(name, each) for each in PERSONAL)])
