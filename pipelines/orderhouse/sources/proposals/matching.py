"""Mapping of a file's columns to a feed, guessed from their names and values.

Each guess has a reason, which the proposed file states in a comment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.columns import kind_of
from orderhouse.sources.formats.discount_shares import DISCOUNT_SHARE
from orderhouse.sources.formats.line_amounts import LINE_AMOUNT
from orderhouse.sources.proposals.names import COLUMNS, OWN_IDS, currency_in, feed_words_in, plain
from orderhouse.sources.proposals.values import Written, fits

__all__ = ["Match", "best_match", "match"]

# Columns without which a file says nothing about a feed; of a group one is enough.
CORE: dict[str, tuple[tuple[str, ...], ...]] = {
    "orders": (("order_id",), ("placed_at",)),
    "order_lines": (("order_id",), ("sku",), ("unit_price", LINE_AMOUNT)),
    "payments": (("order_id",), ("amount",), ("occurred_at",)),
    "shipments": (("order_id",), ("shipped_at",), ("shipment_id", "tracking_number")),
    "products": (("sku",), ("name",)),
    "customers": (("customer_id",), ("email", "name", "country", "city")),
    "fx_rates": (("rate_date",), ("base",), ("quote",), ("rate",)),
}
# Kinds of the columns that a mapping computes with, and of one whose amounts may be shares.
KINDS = {LINE_AMOUNT: "money", DISCOUNT_SHARE: "share", "discount_amount": "discount"}
# A column is not needed beside the one that says the same.
SAME = {LINE_AMOUNT: "unit_price", DISCOUNT_SHARE: "discount_amount"}
NAME_BONUS = 2.0
EXTRA = 0.1
FIRST_DAY = "2000-01-01T00:00:00Z"


@dataclass
class Match:
    """A mapping to one feed, with the reasons of its guesses.

    Attributes:
        columns: Our columns by theirs.
        ids: Columns of the file by the id that is made of them.
        constants: Values by our column.
        reasons: Reason by key or column of the mapping.
        score: The greater, the better it fits.
    """

    feed: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    score: float = 0.0

    def theirs(self, ours: str) -> str | None:
        """Return their column for one of ours."""
        return next((theirs for theirs, names in self.columns.items() if ours in names), None)


def best_match(stem: str, frame: pl.DataFrame, how: Mapping[str, Written], currency: str | None) -> Match | None:
    """Return the mapping to the feed that fits a file best; None if it fits no feed."""
    found = [match(feed, stem, frame, how, currency) for feed in CORE]
    return max((each for each in found if each is not None), key=lambda each: each.score, default=None)


def match(feed: str, stem: str, frame: pl.DataFrame, how: Mapping[str, Written], currency: str | None) -> Match | None:
    """Return the mapping of a file to one feed; None if it lacks what the feed is about.

    Args:
        feed: The feed.
        stem: Name of the file.
        frame: Its first records, as text.
        how: How the values of each column are written.
        currency: The currency to assume if the file names none.
    """
    found = Match(feed)
    fields = CONTRACTS[feed].fields()
    for ours, names in COLUMNS[feed].items():
        kind = KINDS.get(ours) or kind_of(fields[ours])
        theirs = _theirs(names.split(), kind, frame, how, set(found.columns))
        if theirs is not None and not found.theirs(SAME.get(ours, "")):
            found.columns[theirs] = [ours]
    _take_own_id(found, stem, frame, how)
    if (share := found.theirs(DISCOUNT_SHARE)) and how[share].is_share:
        found.reasons[DISCOUNT_SHARE] = "all values lie between 0 and 1, so they are read as shares and not as amounts"
    for group in CORE[feed]:
        if not any(found.theirs(ours) for ours in group):
            return None
    _complete(found, stem, frame, how, currency)
    if _lacks_required(found):
        return None
    found.score = len(CORE[feed]) + EXTRA * len(found.columns)
    found.score += NAME_BONUS if feed_words_in(stem, feed) else 0
    return found


def _theirs(names: list[str], kind: str, frame: pl.DataFrame, how: Mapping[str, Written], used: set[str]) -> str | None:
    """Return the first column whose name is one of these and whose values fit."""
    by_name = {plain(name): name for name in reversed(frame.columns)}
    candidates = (by_name[name] for name in names if name in by_name)
    return next((each for each in candidates if each not in used and fits(kind, frame[each], how[each])), None)


def _take_own_id(found: Match, stem: str, frame: pl.DataFrame, how: Mapping[str, Written]) -> None:
    """Take a column `Id` without repeated values for the id of the feed, if the file is named after the feed."""
    ours = OWN_IDS.get(found.feed, "")
    theirs = next((name for name in frame.columns if plain(name) == "id" and how[name].is_unique), None)
    if not ours or not theirs or found.theirs(ours) or theirs in found.columns or not feed_words_in(stem, found.feed):
        return
    found.columns[theirs] = [ours]
    found.reasons[ours] = f"{theirs} does not repeat, and the file is named after {found.feed.replace('_', ' ')}"


def _complete(found: Match, stem: str, frame: pl.DataFrame, how: Mapping[str, Written], currency: str | None) -> None:
    """Add what the feed requires and the file does not name, each with its reason."""
    contract = CONTRACTS[found.feed]
    missing = [name for name in contract.required() if not found.theirs(name)]
    if "updated_at" in missing:
        _share_time(found)
    if "currency" in missing:
        _guess_currency(found, frame, how, currency)
    if "quantity" in missing:
        found.constants["quantity"] = "1"
        found.reasons["quantity"] = "no column has a quantity; each row counts as one unit"
    if "line_id" in missing:
        found.ids["line_id"] = ["_position"]
        found.reasons["line_id"] = "no column numbers the lines; the place within the order does, if orders come whole"
    order = found.theirs("order_id")
    for name in ("payment_id", "shipment_id"):
        if name in missing and order:
            found.ids[name] = [order, "_position"]
            found.reasons[name] = "no column is this id; order and place within the file make one"
    if "kind" in missing and found.feed == "payments":
        is_refund = "refund" in " ".join([stem, *frame.columns]).lower()
        found.constants["kind"] = "refunded" if is_refund else "captured"
        found.reasons["kind"] = (
            f"no column says; the names {'speak of refunds' if is_refund else 'speak of no refunds'}"
        )
    _keep_apart(found, "payment_id", frame)
    line = found.theirs("line_id")
    if found.feed == "order_lines" and line and order and frame.select(order, line).is_duplicated().any():
        found.columns[line].remove("line_id")
        found.columns = {theirs: ours for theirs, ours in found.columns.items() if ours}
        found.ids["line_id"] = ["_position"]
        found.reasons["line_id"] = f"{line} repeats within orders; the place within the order is used instead"


def _share_time(found: Match) -> None:
    """Take another time of the record for its version clock, or the same instant for all records."""
    other = next((theirs for ours in ("placed_at", "occurred_at") if (theirs := found.theirs(ours))), None)
    if other:
        found.columns[other].append("updated_at")
        found.reasons["updated_at"] = f"no column says when a record changed; {other} is used for both"
    else:
        found.constants["updated_at"] = FIRST_DAY
        found.reasons["updated_at"] = "no column has a time; a changed record would be a conflict"


def _guess_currency(found: Match, frame: pl.DataFrame, how: Mapping[str, Written], currency: str | None) -> None:
    amounts = [name for name in frame.columns if how[name].kind in {"number", "units"}]
    named = next((code for theirs in amounts if (code := currency_in(theirs))), None)
    code = named or currency
    if code:
        found.constants["currency"] = code
        found.reasons["currency"] = (
            "from the name of a column of amounts" if named else "no column names it; taken from --currency"
        )


def _keep_apart(found: Match, name: str, frame: pl.DataFrame) -> None:
    """Make an id of the order as well if it repeats, and of the place within the order if that repeats too."""
    theirs, order = found.theirs(name), found.theirs("order_id")
    if not theirs or not order or not frame[theirs].is_duplicated().any():
        return
    found.columns[theirs].remove(name)
    found.columns = {column: ours for column, ours in found.columns.items() if ours}
    repeats = frame.select(order, theirs).is_duplicated().any()
    found.ids[name] = [order, "_position" if repeats else theirs]
    found.reasons[name] = f"{theirs} repeats{' within orders' if repeats else ''}"


def _lacks_required(found: Match) -> bool:
    given = {*found.ids, *found.constants, *(name for names in found.columns.values() for name in names)}
    if LINE_AMOUNT in given:
        given.add("unit_price")
    return not given.issuperset(CONTRACTS[found.feed].required())
