"""Ingest: files become rows of the raw tables, exactly once, whatever happens on the way.

Discovery → reading (by the source's format) → screening (by the feed's contract) → loading (one transaction per
file, bundle or handful of small files). What breaks a rule waits in quarantine; repairing → replaying brings it
into its feed. What the rows mean is decided in dbt.
"""

from __future__ import annotations

from orderhouse.ingest.repairing import record_discards, record_patches, record_withdrawal
from orderhouse.ingest.replaying import ReplayResult, replay, replay_sentences
from orderhouse.ingest.results import FeedCounts, FileReport, IngestResult, Progress, ProgressCallback
from orderhouse.ingest.run import ingest
from orderhouse.ingest.trial import FeedTrial, SourceTrial, check_sources

__all__ = [
    "FeedCounts",
    "FeedTrial",
    "FileReport",
    "IngestResult",
    "Progress",
    "ProgressCallback",
    "ReplayResult",
    "SourceTrial",
    "check_sources",
    "ingest",
    "record_discards",
    "record_patches",
    "record_withdrawal",
    "replay",
    "replay_sentences",
]
