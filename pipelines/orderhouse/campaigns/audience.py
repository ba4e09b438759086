"""Audience of a campaign: who it matches in the published version, and who of them falls out, each for one reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from orderhouse.campaigns.assigning import arm_of, is_in_control
from orderhouse.campaigns.campaign import Campaign
from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.messages.suppressions import ALL_PURPOSES
from orderhouse.rules.compiling import compile_condition
from orderhouse.rules.subjects import relation
from orderhouse.settings import Settings

__all__ = ["REASONS", "Audience", "Excluded", "audience_of", "segments_known"]

# Why somebody who matches is no member, in the order in which it is asked; each person is counted once.
REASONS = {
    "no_address": "no e-mail address",
    "no_consent": "no consent to marketing",
    "unsubscribed": "unsubscribed or suppressed",
    "erased": "erased",
    "capped": "in as many campaigns as allowed",
}


@dataclass(frozen=True)
class Excluded:
    """People whom no audience holds.

    Attributes:
        suppressed: Tokens of people who are not written to for a purpose, by purpose.
        erased: Tokens of erased people.
        capped: Keys of people who are members of as many campaigns lately as they may be.
    """

    suppressed: Mapping[str, Collection[str]]
    erased: Collection[str]
    capped: Collection[str]


@dataclass(frozen=True)
class Audience:
    """The people of a campaign.

    Attributes:
        matched: Number of customers who meet segments and filters.
        left_out: Number of those who are no members, by reason.
        members: customer_key and arm of each member, ordered by key.
    """

    matched: int
    left_out: dict[str, int]
    members: pl.DataFrame

    @property
    def arms(self) -> dict[str, int]:
        """Return the number of members by arm."""
        counts = Counter(self.members["arm"].to_list())
        return {arm: counts[arm] for arm in ("treated", "held_out", "global_control")}


def audience_of(
    campaign: Campaign, published: duckdb.DuckDBPyConnection, excluded: Excluded, settings: Settings, path: Path
) -> Audience:
    """Return the people of a campaign by the published version. Nothing is stored.

    Args:
        campaign: The campaign.
        published: Open published version.
        excluded: People whom no audience holds.
        settings: Settings of the home, which name the control group.
        path: File of the campaigns, for messages.

    Raises:
        OrderhouseError: A segment, a field or a value does not exist.
    """
    rows = _matched(campaign, published, path)
    reasons = Counter[str]()
    members: list[tuple[str, str]] = []
    refused = {*excluded.suppressed.get(ALL_PURPOSES, ()), *excluded.suppressed.get(campaign.purpose, ())}
    for key, token, has_consent in rows:
        reason = (
            "no_address" if token is None
            else "no_consent" if not has_consent
            else "unsubscribed" if token in refused
            else "erased" if token in excluded.erased
            else "capped" if key in excluded.capped
            else None
        )  # fmt: skip
        if reason is not None:
            reasons[reason] += 1
            continue
        is_control = is_in_control(settings.campaign_control_salt, key, settings.campaign_control_share)
        members.append((key, "global_control" if is_control else arm_of(campaign.campaign_id, key, campaign.hold_out)))
    frame = pl.DataFrame(sorted(members), schema={"customer_key": pl.String, "arm": pl.String}, orient="row")
    return Audience(len(rows), {name: reasons[name] for name in REASONS}, frame)


def segments_known(published: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Return scheme, segment and number of customers of the newest snapshot.

    Raises:
        OrderhouseError: Another release built the published version.
    """
    return _execute(
        published,
        "select scheme, segment, count(*) from marts.fct_customer_segments where snapshot_date = "
        "(select max(snapshot_date) from marts.fct_customer_segments) and substr(customer_key, 1, 2) <> 'o:' "
        "group by all order by all",
        [],
    )


def _matched(campaign: Campaign, published: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[Any, ...]]:
    _check_segments(campaign, published, path)
    query, parameters = relation("customers", published)
    conditions = ["substr(customer_key, 1, 2) <> 'o:'"]
    values: list[object] = [*parameters]
    for scheme, segments in campaign.segments.items():
        marks = ", ".join("?" * len(segments))
        conditions.append(
            "customer_key in (select customer_key from marts.fct_customer_segments where scheme = ? "  # noqa: S608 - marks
            f"and segment in ({marks}) "
            "and snapshot_date = (select max(snapshot_date) from marts.fct_customer_segments))"
        )
        values += [scheme, *segments]
    if campaign.filters is not None:
        condition, more = compile_condition(campaign.filters, "customers", published, path)
        conditions.append(condition)
        values += more
    sql = f"select customer_key, email_token, has_marketing_consent from ({query}) where {' and '.join(conditions)}"  # noqa: S608
    return _execute(published, f"{sql} order by customer_key", values)


def _check_segments(campaign: Campaign, published: duckdb.DuckDBPyConnection, path: Path) -> None:
    if not campaign.segments:
        return
    known: dict[str, list[str]] = {}
    for scheme, segment, _ in segments_known(published):
        known.setdefault(scheme, []).append(segment)
    for scheme, segments in campaign.segments.items():
        for segment in segments:
            if known.get(scheme) and segment not in known[scheme]:
                clause = nearest_sentence(f"segment of {scheme}", segment, known[scheme])
                raise OrderhouseError(f"{path}:{campaign.line}: {campaign.campaign_id}: {clause}")


def _execute(published: duckdb.DuckDBPyConnection, sql: str, values: list[object]) -> list[tuple[Any, ...]]:
    try:
        return published.execute(sql, values).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        raise OrderhouseError(
            "The published version was built by another release and knows no campaigns. "
            "Build and publish a new version: `orderhouse run`."
        ) from None
