"""Tables of the operations store. Each module that writes a table says what its rows mean."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["API_KEYS", "AUDIT_LOG", "METADATA", "PRESENCE", "SAVED_VIEWS"]

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
