"""Messages of the outbox, the states of endpoints, and marks by which a restore is recognised."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

FILLED = (
    "kind", "subject_type", "subject_id", "occasion", "audience", "channel", "endpoint", "recipient", "payload",
    "state", "occurred_at", "created_at", "next_attempt_at",
)  # fmt: skip
EMPTY = (
    "order_id", "template", "template_version", "locale", "time_zone", "reason", "not_before", "expires_at", "sent_at",
    "last_error", "worker", "lease_until",
)  # fmt: skip


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False, unique=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in FILLED),
        *(sa.Column(name, sa.Text) for name in EMPTY),
    )
    op.create_index("ix_messages_order_id", "messages", ["order_id"])
    op.create_index("ix_messages_state", "messages", ["state", "endpoint", "number"])
    op.create_index("ix_messages_recipient", "messages", ["endpoint", "recipient", "state"])
    op.create_table(
        "message_endpoints",
        sa.Column("endpoint", sa.Text, primary_key=True),
        sa.Column("switched_on_at", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("paused_at", sa.Text),
    )
    op.create_table(
        "message_marks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
