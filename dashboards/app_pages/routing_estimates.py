"""Lane estimates that routing decides by, and how good they have been."""

from __future__ import annotations

from shared.access import Version
from shared.columns import column, word
from shared.formats import count, money, per_cent
from shared.layout import Figure, empty, figures
from shared.listing import listing

__all__ = ["accuracy", "lanes"]

SCORES = """
    select sum(timed_count) as timed, sum(in_time_count) as in_time, sum(costed_count) as costed,
        sum(estimated_cost_amount_reporting) as estimated, sum(cost_amount_reporting) as cost
    from marts.fct_lane_accuracy
"""
PERIODS = """
    select origin_date::varchar as row_id, origin_date, sum(timed_count) as timed,
        sum(in_time_count) / nullif(sum(timed_count), 0)::double as in_time_rate, sum(costed_count) as costed,
        sum(estimated_cost_amount_reporting) / nullif(sum(costed_count), 0) as estimated_amount_reporting,
        sum(cost_amount_reporting) / nullif(sum(costed_count), 0) as cost_amount_reporting
    from marts.fct_lane_accuracy group by origin_date
"""
LANES = """
    with tested as (
        select warehouse_id, ship_country, sum(timed_count) as timed,
            sum(in_time_count) / nullif(sum(timed_count), 0)::double as in_time_rate
        from marts.fct_lane_accuracy group by all
    )
    select concat_ws(chr(31), lanes.warehouse_id, lanes.ship_country) as row_id, lanes.warehouse_id,
        lanes.ship_country, lanes.basis, lanes.parcels_count, lanes.hours_p90 / 24 as days_p90,
        lanes.cost_amount_reporting, tested.timed, tested.in_time_rate
    from marts.fct_lane_estimates as lanes
    left join tested on tested.warehouse_id = lanes.warehouse_id
        and tested.ship_country is not distinct from lanes.ship_country
"""


def accuracy(version: Version) -> None:
    """Show how many parcels kept the estimated time, and real costs beside the estimated ones."""
    scores = version.row(SCORES)
    if not (scores["timed"] or scores["costed"]):
        empty("Estimates are tested once parcels have left in a period after others of their warehouse.")
        return
    costed = scores["costed"] or 0
    figures(
        [
            Figure("Parcels tested", count(scores["timed"]), "Their estimated time is over, and the carrier scans."),
            Figure(
                "Within the estimate",
                per_cent(scores["in_time"] / scores["timed"] if scores["timed"] else None),
                "Nine of ten, if the estimates of time are good: fewer are too hopeful, more too careful.",
            ),
            Figure(
                "Estimated cost of a parcel",
                money(scores["estimated"] / costed if costed else None, version.currency),
                "Mean of the parcels with a cost.",
            ),
            Figure(
                "Real cost of a parcel",
                money(scores["cost"] / costed if costed else None, version.currency),
                "Mean of the same parcels.",
            ),
        ]
    )
    listing(
        version,
        PERIODS,
        (),
        {
            "origin_date": column("Estimated on", "First day of the 28 days in which the parcels left."),
            "timed": column("Parcels tested", digits=0),
            "in_time_rate": column("Within the estimate", "Nine of ten, if estimates are good.", per_cent=True),
            "costed": column("With a cost", digits=0),
            "estimated_amount_reporting": column("Estimated cost", unit=version.currency, is_amount=True),
            "cost_amount_reporting": column("Real cost", unit=version.currency, is_amount=True),
        },
        key="lane_accuracy",
        unique="row_id",
        sort="-origin_date",
        noun="periods",
        prefix="accuracy_",
        nothing="No period has been tested.",
    )


def lanes(version: Version) -> None:
    """List the estimates of all lanes, with their record."""
    listing(
        version,
        LANES,
        (),
        {
            "warehouse_id": column("Warehouse"),
            "ship_country": column("Country"),
            "days_p90": column("90 % take at most", "From departure to the first attempt.", unit="days", digits=1),
            "cost_amount_reporting": column("Cost", "Mean of a parcel.", unit=version.currency, is_amount=True),
            "basis": word("Time from", "All parcels of the warehouse, or all parcels, where the lane has too few."),
            "parcels_count": column("Parcels", "Parcels of the lane in the last year.", digits=0),
            "timed": column("Tested", digits=0),
            "in_time_rate": column("Within the estimate", "Nine of ten, if estimates are good.", per_cent=True),
        },
        key="lane_estimates",
        unique="row_id",
        sort="warehouse_id",
        ties="ship_country",
        noun="lanes",
        prefix="lanes_",
        nothing="No parcel of the last year names a warehouse, so that times and costs are not known.",
    )
