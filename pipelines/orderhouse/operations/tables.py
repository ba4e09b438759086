"""Tables of the operations store. Each module that writes a table says what its rows mean."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = [
    "API_KEYS",
    "APPROVALS",
    "AUDIT_LOG",
    "CAMPAIGNS",
    "MESSAGES",
    "MESSAGE_ENDPOINTS",
    "MESSAGE_MARKS",
    "METADATA",
    "PRESENCE",
    "RULE_FIRINGS",
    "RULE_STOPS",
    "RULE_VERSIONS",
    "SAVED_VIEWS",
    "SCHEDULES",
    "SCHEDULE_RUNS",
]

METADATA = sa.MetaData()

AUDIT_LOG = sa.Table(
    "audit_log",
    METADATA,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous_hash", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

PRESENCE = sa.Table(
    "presence",
    METADATA,
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("seen_at", sa.Text, nullable=False),
)

SAVED_VIEWS = sa.Table(
    "saved_views",
    METADATA,
    sa.Column("view_id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("page", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("shared_with", sa.Text),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("saved_at", sa.Text, nullable=False),
    sa.UniqueConstraint("owner", "page", "name"),
)

API_KEYS = sa.Table(
    "api_keys",
    METADATA,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text),
    sa.Column("secret_hash", sa.Text, nullable=False),
)

MESSAGES = sa.Table(
    "messages",
    METADATA,
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject_type", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text, nullable=False),
    sa.Column("occasion", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text, index=True),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("template", sa.Text),
    sa.Column("template_version", sa.Text),
    sa.Column("locale", sa.Text),
    sa.Column("time_zone", sa.Text),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("occurred_at", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("not_before", sa.Text),
    sa.Column("next_attempt_at", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text),
    sa.Column("sent_at", sa.Text),
    sa.Column("last_error", sa.Text),
    sa.Column("worker", sa.Text),
    sa.Column("lease_until", sa.Text),
    sa.Index("ix_messages_state", "state", "endpoint", "number"),
    sa.Index("ix_messages_recipient", "endpoint", "recipient", "state"),
)

MESSAGE_ENDPOINTS = sa.Table(
    "message_endpoints",
    METADATA,
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("switched_on_at", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("paused_at", sa.Text),
)

MESSAGE_MARKS = sa.Table(
    "message_marks",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

RULE_VERSIONS = sa.Table(
    "rule_versions",
    METADATA,
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("first_at", sa.Text, nullable=False),
    sa.Column("editor", sa.Text),
    sa.Column("body", sa.Text, nullable=False),
)

RULE_FIRINGS = sa.Table(
    "rule_firings",
    METADATA,
    sa.Column("firing_id", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("rule_version", sa.Text, nullable=False),
    sa.Column("table_name", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text, nullable=False),
    sa.Column("occasion", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text, index=True),
    sa.Column("line_id", sa.Text),
    sa.Column("amount", sa.Text),
    sa.Column("business_date", sa.Text, nullable=False),
    sa.Column("fields", sa.Text, nullable=False),
    sa.Column("fired_at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("outcomes", sa.Text, nullable=False),
    sa.Column("over_at", sa.Text),
    sa.UniqueConstraint("rule", "subject_id", "occasion"),
    sa.Index("ix_rule_firings_state", "state", "rule"),
)

RULE_STOPS = sa.Table(
    "rule_stops",
    METADATA,
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("rule_version", sa.Text, nullable=False),
    sa.Column("firings_count", sa.Integer, nullable=False),
    sa.Column("asked_at", sa.Text, nullable=False),
    sa.Column("allowed_count", sa.Integer),
    sa.Column("decided_by", sa.Text),
    sa.Column("decided_at", sa.Text),
)

APPROVALS = sa.Table(
    "approvals",
    METADATA,
    sa.Column("approval_id", sa.Text, primary_key=True),
    sa.Column("firing_id", sa.Text, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text),
    sa.Column("business_date", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("amount", sa.Text),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("asked_at", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text),
    sa.Column("decided_role", sa.Text),
    sa.Column("decided_at", sa.Text),
    sa.Column("reason", sa.Text),
)

CAMPAIGNS = sa.Table(
    "campaigns",
    METADATA,
    sa.Column("campaign_id", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("members_count", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.Text, nullable=False),
    sa.Column("started_by", sa.Text, nullable=False),
    sa.Column("changed_at", sa.Text, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
)

SCHEDULES = sa.Table(
    "schedules",
    METADATA,
    sa.Column("schedule", sa.Text, primary_key=True),
    sa.Column("cron", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("since_at", sa.Text, nullable=False),
)

SCHEDULE_RUNS = sa.Table(
    "schedule_runs",
    METADATA,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("schedule", sa.Text, nullable=False),
    sa.Column("due_at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("sentence", sa.Text),
    sa.Column("version", sa.BigInteger),
    sa.Column("made", sa.Text),
    sa.Column("seen", sa.Text),
    sa.Column("began_at", sa.Text, nullable=False),
    sa.Column("ended_at", sa.Text),
    sa.UniqueConstraint("schedule", "due_at"),
)
