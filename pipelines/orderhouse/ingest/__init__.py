"""Ingest: files become rows of the raw tables, exactly once, whatever happens on the way.

Discovery → reading (by the source's format) → screening (by the feed's contract) → loading (one transaction per
file, bundle or handful of small files). What breaks a rule waits in quarantine; repairing → replaying brings a row
into its feed, repairing records → rereading all that comes of a record. What the rows mean is decided in dbt.
"""

from __future__ import annotations

from orderhouse.ingest.repairing import record_discards, record_patches, record_withdrawal
from orderhouse.ingest.repairing_records import RecordsAtHand, repair_records
from orderhouse.ingest.replay_results import ReplayResult, replay_sentences
from orderhouse.ingest.replaying import replay
from orderhouse.ingest.rereading import Reread, reread
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
    "RecordsAtHand",
    "ReplayResult",
    "Reread",
    "SourceTrial",
    "check_sources",
    "ingest",
    "record_discards",
    "record_patches",
    "record_withdrawal",
    "replay",
    "repair_records",
    "replay_sentences",
    "reread",
]
