"""Campaign members: the people of a campaign, frozen when it started, one person of a campaign per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import instant, text, units
from orderhouse.contracts.contract import Contract, rule

__all__ = ["ARMS", "CampaignMembers"]

# Arms of a campaign: written to, held out for comparison, and the permanent control group, which is never written to.
ARMS = ("treated", "held_out", "global_control")


class CampaignMembers(Contract):
    """A person of a campaign and the arm, as frozen when it started. The product writes this feed itself."""

    shape = "event"

    campaign_id = text("The campaign.", key=True, required=True)
    customer_key = text("The person, under the key of the published customers.", key=True, required=True)
    assigned_at = instant("The instant at which the campaign started.", required=True)
    arm = text("treated, held_out or global_control.", required=True)
    attribution_days = units("Days after the start within which purchases count.", required=True, above_zero=True)
    purpose = text("The purpose of its messages, which a person may unsubscribe from.", required=True)
    channel = text("The channel of its messages.", required=True)
    title = text("The campaign as people name it.")
    template = text("The template of its messages.")
    offer = text("The offer, such as a discount code.")

    @rule("the arm is not treated, held_out or global_control", "arm")
    def is_an_arm(cls) -> pl.Expr:
        """Require an arm that is known."""
        return pl.col("arm").is_in(ARMS)
