"""Worklists: the open exceptions that a role sees, by code and one by one, as the values of a message.

The values hold ids, counts and amounts, and no text that could name a person.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import duckdb

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.schedules.schedule import Schedule
from orderhouse.serve.publishing import PublishedVersion
from orderhouse.serve.reading import open_reader
from orderhouse.serve.worklist import AT_STAKE, RANK
from orderhouse.settings import Settings
from orderhouse.storage.readers import limited_errors

__all__ = ["Worklist", "worklist_of"]

SHOWN = 10
OPEN = """
with seen as (
    select unnest($seen::varchar[]) as exception_id
),

listed as (
    select
        exceptions.exception_id, exceptions.code, exceptions.severity, exceptions.order_id,
        coalesce(exceptions.order_id, exceptions.sku, exceptions.subject_id) as about,
        exceptions.amount_at_stake, exceptions.amount_at_stake_reporting, exceptions.age_hours,
        seen.exception_id is null as is_new
    from ops.exceptions as exceptions
    left join seen on exceptions.exception_id = seen.exception_id
    where exceptions.is_in_worklist and ($owners is null or list_contains($owners::varchar[], exceptions.owner))
)
"""
TOTALS = f"""
{OPEN}
select count(*), count(*) filter (is_new), {AT_STAKE}, list(exception_id) from listed
"""  # noqa: S608 - fixed text
BY_CODE = f"""
{OPEN}
select code, severity, count(*) as open_count, count(*) filter (is_new), {AT_STAKE} as amount
from listed
group by code, severity
order by {RANK}, amount desc nulls last, open_count desc, code
"""  # noqa: S608 - fixed text
WORST = f"""
{OPEN}
select exception_id, code, severity, about, order_id, amount_at_stake_reporting, floor(age_hours / 24)::bigint, is_new
from listed
order by {RANK}, amount_at_stake_reporting desc nulls last, age_hours desc nulls last, exception_id
limit {SHOWN}
"""  # noqa: S608 - fixed text


@dataclass(frozen=True)
class Worklist:
    """Worklist of a role.

    Attributes:
        payload: Values of its message.
        ids: Ids of all its exceptions.
    """

    payload: dict[str, Any]
    ids: Sequence[str]


def worklist_of(
    settings: Settings,
    schedule: Schedule,
    role: Role,
    version: PublishedVersion,
    due_at: datetime,
    *,
    seen: Collection[str] | None,
    pages_url: str | None,
) -> Worklist:
    """Return the worklist of a schedule.

    Args:
        settings: Settings of the home.
        schedule: The schedule.
        role: Its role, whose rows and columns count.
        version: The published version.
        due_at: Its due instant.
        seen: Ids of the exceptions that the last worklist told; None if there was none.
        pages_url: Address of the dashboards for links, or None.

    Raises:
        OrderhouseError: The role does not see the exceptions, or the version cannot be read.
    """
    values = {"owners": list(schedule.owners) or None, "seen": sorted(seen or ())}
    with contextlib.closing(open_reader(settings, role=role, version=version.number)) as reader:
        try:
            with limited_errors(settings):
                ((count, new, amount, ids),) = reader.execute(TOTALS, values).fetchall()
                codes = reader.execute(BY_CODE, values).fetchall()
                worst = reader.execute(WORST, values).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException):
            raise OrderhouseError(
                f"The role {role.name} does not see the table ops.exceptions with its columns, so it has no worklist. "
                "Give it the table in access.yaml."
            ) from None
    links = _Links(pages_url, schedule.owners)
    is_first = seen is None
    payload = {
        "schedule": schedule.name,
        "title": schedule.title,
        "role": role.name,
        "due_at": due_at.isoformat(),
        "as_of": datetime.fromisoformat(version.as_of).replace(tzinfo=UTC).isoformat(),
        "version": version.number,
        "count": count,
        "new_count": None if is_first else new,
        "amount": _text(amount),
        "currency": version.reporting_currency,
        "codes": [
            {
                "code": code, "severity": severity, "count": own, "new_count": None if is_first else own_new,
                "amount": _text(own_amount), "url": links.to(code=code),
            }
            for code, severity, own, own_new, own_amount in codes
        ],
        "worst": [
            {
                "code": code, "severity": severity, "about": about, "order_id": order_id, "amount": _text(own_amount),
                "age_days": days, "is_new": bool(is_new) and not is_first, "url": links.to(exception=exception_id),
            }
            for exception_id, code, severity, about, order_id, own_amount, days, is_new in worst
        ],
        "more_count": max(count - SHOWN, 0),
        "url": links.to(),
    }  # fmt: skip
    return Worklist(payload, ids or [])


@dataclass(frozen=True)
class _Links:
    """Links to the page of the exceptions; empty without its address."""

    pages_url: str | None
    owners: tuple[str, ...]

    def to(self, **asked: str) -> str:
        """Return the link to the exceptions with these values of filters."""
        if self.pages_url is None:
            return ""
        if len(self.owners) == 1 and "exception" not in asked:
            asked["owner"] = self.owners[0]
        return f"{self.pages_url}/exceptions" + (f"?{urlencode(asked)}" if asked else "")


def _text(amount: Any) -> str | None:
    return None if amount is None else format(amount, "f")
