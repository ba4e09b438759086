"""Schedules, since when each is due, and what became of each due time."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "schedules",
        sa.Column("schedule", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("cron", "time_zone", "since_at")),
    )
    op.create_table(
        "schedule_runs",
        sa.Column("run_id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("schedule", "due_at", "state", "began_at")),
        *(sa.Column(name, sa.Text) for name in ("sentence", "made", "seen", "ended_at")),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger),
        sa.UniqueConstraint("schedule", "due_at"),
    )
    op.create_index("ix_schedule_runs_state", "schedule_runs", ["state"])
