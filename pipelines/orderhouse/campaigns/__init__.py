"""Campaigns of `campaigns.yaml`: audiences, frozen members, hold-outs and results.

Messages of campaigns are made and sent by `messages`; what a campaign sold is computed by the dbt models.
"""
