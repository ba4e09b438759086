"""Adyen's settlement details report: one line per journal entry of a batch, and one for what the batch pays out.

Every line but that of the payout is a movement of it. Lines of payments, refunds and chargebacks are payments as well.
The net amounts of a batch add up to its payout, so that the parts of the payout do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import available_timezones

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.formats.whole_files import exact, read_whole
from orderhouse.sources.readers.records import RECORD

__all__ = ["AdyenSettlementDetails"]

PROVIDER = "adyen"
GROSS = ("Gross Debit (GC)", "Gross Credit (GC)")
NET = ("Net Debit (NC)", "Net Credit (NC)")
FEES = ("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)")
AMOUNTS = (*GROSS, *NET, *FEES)
CREATED, ZONE = "Creation Date", "TimeZone"
COLUMNS = (
    "Merchant Account",
    "Psp Reference",
    "Merchant Reference",
    CREATED,
    ZONE,
    "Type",
    "Modification Reference",
    "Gross Currency",
    *GROSS,
    "Net Currency",
    *NET,
    "Batch Number",
)
# Journal types that are payments, each with the sign of its gross amount.
PAYMENTS = {
    "settled": 1,
    "refunded": -1,
    "refundedreversed": 1,
    "chargeback": -1,
    "secondchargeback": -1,
    "chargebackreversed": 1,
}
PAYOUT = "merchantpayout"
# Abbreviations that mean one offset everywhere. BST is Britain's summer time, as in Adyen's own examples.
OFFSETS = {
    **dict.fromkeys(("UTC", "GMT", "WET", "Z"), "+00:00"),
    **dict.fromkeys(("BST", "WEST", "CET", "MEZ"), "+01:00"),
    **dict.fromkeys(("CEST", "MESZ", "EET", "SAST"), "+02:00"),
    **dict.fromkeys(("EEST", "MSK", "TRT"), "+03:00"),
    **dict.fromkeys(("HKT", "SGT", "AWST", "MYT"), "+08:00"),
    **dict.fromkeys(("JST", "KST"), "+09:00"),
    "AEST": "+10:00",
    "AEDT": "+11:00",
    "NZST": "+12:00",
    "NZDT": "+13:00",
    "BRT": "-03:00",
    "EDT": "-04:00",
    "EST": "-05:00",
    "CDT": "-05:00",
    "MDT": "-06:00",
    "MST": "-07:00",
    "PDT": "-07:00",
    "PST": "-08:00",
}
# Goes behind a value that is no amount, so that the contract refuses it in each row.
REFUSED = " (no amount)"
LOCAL = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?$"
MOVEMENT = ("payout_id", "type", "Psp Reference", "Modification Reference", "moment", "gross", "net")


class AdyenSettlementDetails(Format):
    """Journal entries of batches of one or several merchant accounts."""

    name = "adyen_settlement_details"
    version = "1"
    covers = ("payments", "payouts")
    numbers = AMOUNTS
    instants = (CREATED,)

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of one report."""
        (file,) = files
        optional = ("Payment Method", *FEES)
        report = read_whole(source, file, COLUMNS, optional, numbers=self.numbers, instants=self.instants)
        lines = _prepared(report.frame)
        is_payout = (pl.col("type") == PAYOUT).fill_null(False)
        payouts, others = lines.filter(is_payout), lines.filter(~is_payout)
        states = _states(payouts)
        moved = pl.concat([states, _movements(others)], how="diagonal").sort(RECORD)
        yield FeedRows("payouts", file, moved, malformed=report.malformed, ignored=report.ignored)
        yield FeedRows("payments", file, _payments(others, states), role="derived")
        further = payouts.filter(~pl.col(RECORD).is_in(states[RECORD].implode()))
        if further.height:
            kind = f"{further.height} × further payouts of a batch, counted with its first"
            yield FeedRows(None, file, further.select(RECORD), role="lookup", ignored=(kind,))


def _prepared(report: pl.DataFrame) -> pl.DataFrame:
    """Return the lines with signed amounts. `wrong` is a value of theirs that is no amount."""
    zones = [zone for zone in report[ZONE].drop_nulls().unique().sort() if zone in available_timezones()]
    payout = ("Merchant Account", "Batch Number", "Net Currency")
    lines = report.with_columns(
        type=pl.col("Type").str.to_lowercase(),
        occurred_at=_instant(zones),
        payout_id=pl.concat_str(*payout, separator="/"),
        gross=_signed(GROSS),
        net=_signed(NET),
        fees=pl.sum_horizontal(exact(name) for name in FEES),
        wrong=pl.coalesce(pl.when(exact(name).is_null()).then(name) for name in AMOUNTS) + REFUSED,
    )
    same = pl.col("Gross Currency") == pl.col("Net Currency")
    is_payment = pl.col("type").is_in(list(PAYMENTS)) & pl.col("Psp Reference").is_not_null()
    event = pl.coalesce("Modification Reference", "Psp Reference")
    return lines.with_columns(
        moment=pl.col(CREATED).str.replace("T", " ").str.slice(0, 19),
        payment_id=pl.when(is_payment).then(pl.concat_str(event, "type", separator="/")),
        fee=pl.when(same).then(pl.col("gross") - pl.col("net")).otherwise("fees"),
        is_same=same.fill_null(False),
    )


def _signed(columns: tuple[str, str]) -> pl.Expr:
    """Return credit less debit; null where both are empty."""
    debit, credit = columns
    value = exact(credit).fill_null(0) - exact(debit).fill_null(0)
    return pl.when(pl.any_horizontal(pl.col(*columns).is_not_null())).then(value)


def _instant(zones: Sequence[str]) -> pl.Expr:
    """Return the creation date with the offset of its zone.

    The zone is an abbreviation or a name of the zone database. A local time of any other zone stays without offset, and
    counts in the zone that the source declares.
    """
    local = pl.when(pl.col(CREATED).str.contains(LOCAL)).then(pl.col(CREATED).str.replace(" ", "T"))
    offset = pl.col(ZONE).str.to_uppercase().replace_strict(OFFSETS, default=None, return_dtype=pl.String)
    naive = local.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False)
    named = [
        pl.when(pl.col(ZONE) == zone).then(
            naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
            .dt.convert_time_zone("UTC")
            .dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")
        )
        for zone in zones
    ]
    return pl.coalesce(pl.concat_str(local, offset), *named, CREATED)


def _states(payouts: pl.DataFrame) -> pl.DataFrame:
    """Return a row for the payout of each batch and currency."""
    batches = payouts.sort(RECORD).group_by("payout_id", maintain_order=True)
    paid = batches.agg(
        pl.col(RECORD, "Net Currency").first(), pl.col("occurred_at").max(), _amount(-pl.col("net").sum())
    )
    return paid.select(
        RECORD,
        "payout_id",
        "amount",
        "occurred_at",
        movement_id=pl.concat_str("payout_id", pl.lit("/merchantpayout")),
        kind=pl.lit("payout/merchantpayout"),
        currency="Net Currency",
        arrives_at="occurred_at",
        provider=pl.lit(PROVIDER),
    )


def _amount(value: pl.Expr) -> pl.Expr:
    return pl.coalesce(pl.col("wrong").drop_nulls().sort().first(), value.cast(pl.String)).alias("amount")


def _movements(lines: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each entry in the currency in which it is settled, before its fees.

    Lines that are equal in everything are told apart by their number.
    """
    place = pl.int_range(1, pl.len() + 1).over(MOVEMENT).cast(pl.String)
    parts = [pl.col(name).cast(pl.String).fill_null("") for name in MOVEMENT]
    is_payment = pl.col("payment_id").is_not_null()
    before_fees = pl.when(is_payment).then(pl.col("net") + pl.col("fee")).otherwise("net")
    return lines.select(
        RECORD,
        "payout_id",
        "payment_id",
        "occurred_at",
        movement_id=pl.concat_str(*parts, place, separator="/"),
        kind=pl.lit("movement/") + pl.col("type").fill_null("unknown"),
        amount=pl.coalesce("wrong", before_fees.cast(pl.String)),
        currency="Net Currency",
        provider=pl.lit(PROVIDER),
        fee_amount=pl.when(is_payment).then(pl.col("fee")).cast(pl.String),
    )


def _payments(lines: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each payment, refund and chargeback in the shopper's currency.

    A fee in another currency stays empty.
    """
    paid = states.select("payout_id", payout_at="occurred_at")
    events = lines.filter(pl.col("payment_id").is_not_null()).join(
        paid, on="payout_id", how="left", maintain_order="left"
    )
    normal = pl.col("type").replace_strict(PAYMENTS, default=1, return_dtype=pl.Int64)
    is_reversed = ((pl.col("gross") * normal) < 0).fill_null(False)
    return events.select(
        RECORD,
        "payment_id",
        "occurred_at",
        "payout_id",
        "payout_at",
        order_id=pl.coalesce("Merchant Reference", "Psp Reference"),
        kind=pl.when(is_reversed).then(pl.col("type") + "/reversed").otherwise("type"),
        amount=pl.coalesce("wrong", pl.col("gross").abs().cast(pl.String)),
        currency="Gross Currency",
        method="Payment Method",
        provider=pl.lit(PROVIDER),
        fee_amount=pl.when("is_same").then(pl.col("fee")).cast(pl.String),
        parent_payment_id="Psp Reference",
    )
