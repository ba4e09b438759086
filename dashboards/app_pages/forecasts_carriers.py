"""What-if view of carriers: lateness and cost if a share of the parcels of one went with another."""

from __future__ import annotations

import streamlit as st
from shared import address
from shared.access import Version
from shared.formats import compact, count, per_cent, short_money
from shared.layout import Figure, empty, figures
from shared.listing import listing
from shared.tables import column

__all__ = ["mix"]

CARRIERS = "select distinct carrier from marts.fct_carrier_mix order by carrier"
OTHERS = "select distinct other_carrier from marts.fct_carrier_mix where carrier = ? order by other_carrier"
# The share moves parcels of every destination alike, so that variances add with its square.
MOVED = """
    select sum(parcels_count) * ? as moved, sum(parcels_count * late_rate) * ? as late,
        sum(parcels_count * late_rate_change) * ? as change,
        1.959964 * sqrt(sum(parcels_count * parcels_count * late_rate_variance)) * ? as width,
        case when count(*) = count(other_parcel_cost_reporting - parcel_cost_reporting)
            then sum(parcels_count * (other_parcel_cost_reporting - parcel_cost_reporting)) * ? end as cost
    from marts.fct_carrier_mix where carrier = ? and other_carrier = ?
"""
LANES = """
    select ship_country, parcels_count, other_parcels_count, late_rate, other_late_rate, late_rate_change,
        late_rate_change_low, late_rate_change_high, parcel_cost_reporting, other_parcel_cost_reporting
    from marts.fct_carrier_mix where carrier = ? and other_carrier = ?
"""
RECORD = """
    select sum(squared_error_sum)::double / sum(predictions_count) as brier,
        sum(base_squared_error_sum)::double / sum(predictions_count) as base_brier
    from marts.fct_delivery_risk_accuracy
"""
SHARES = ["0.1", "0.25", "0.5", "1.0"]


def mix(version: Version) -> None:
    """Show what would follow if a share of a carrier's parcels went with another carrier."""
    carriers = version.rows(CARRIERS)["carrier"].to_list()
    if not carriers:
        empty("No two carriers have enough known deliveries to the same destination.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        carrier = address.one("from_carrier", "From", carriers, carriers[0])
        others = version.rows(OTHERS, (carrier,))["other_carrier"].to_list()
        other = address.one("to_carrier", "To", others, others[0])
        share = float(
            address.segment("share", "Share of parcels", SHARES, "0.5", written=lambda part: per_cent(float(part), 0))
        )
    moved = version.row(MOVED, (share, share, share, share, share, carrier, other))
    low, high = moved["change"] - moved["width"], moved["change"] + moved["width"]
    figures(
        [
            Figure("Parcels moved", compact(moved["moved"]), "In a year, to destinations that both carriers serve."),
            Figure("Late so far", compact(moved["late"]), "Of these parcels, by the share of the first carrier."),
            Figure(
                "Late parcels",
                count(moved["change"]),
                "Change in a year. Below zero, fewer would be late.",
                note=f"Change of late parcels: 95 % interval {count(low)} to {count(high)}. "
                + ("It contains zero: no difference is shown." if low <= 0 <= high else "It does not contain zero."),
            ),
            Figure(
                "Cost", short_money(moved["cost"], version.currency), "Change in a year, by mean costs of a parcel."
            ),
        ]
    )
    listing(
        version,
        LANES,
        (carrier, other),
        {
            "ship_country": column("Destination"),
            "parcels_count": column("Parcels", "Of the first carrier.", digits=0),
            "other_parcels_count": column("Parcels of the other", digits=0),
            "late_rate": column("Late", per_cent=True),
            "other_late_rate": column("Late with the other", per_cent=True),
            "late_rate_change": column("Change", per_cent=True),
            "late_rate_change_low": column("From", "Lower end of the 95 % interval.", per_cent=True),
            "late_rate_change_high": column("To", "Upper end of the 95 % interval.", per_cent=True),
            "parcel_cost_reporting": column("Cost of a parcel", unit=version.currency, is_amount=True),
            "other_parcel_cost_reporting": column("Cost with the other", unit=version.currency, is_amount=True),
        },
        key="carrier_mix",
        noun="destinations",
        unique="ship_country",
        sort="-parcels_count",
        prefix="mix_",
        nothing="No destination is served by both.",
        height=360,
    )
    record = version.row(RECORD)
    st.caption(
        "Only the destination is held equal: parcels of two carriers can differ in weight, service and promise. "
        + (
            f"Delivery risk, which rests on the same parcels, had a Brier score of {record['brier']:.4f} "
            f"against {record['base_brier']:.4f} of the base rate."
            if record["brier"] is not None
            else "Probabilities of lateness have not been tested yet."
        )
    )
