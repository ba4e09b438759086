"""Presence of people at orders, and saved views of pages."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "presence",
        sa.Column("session", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("subject", "person", "role", "seen_at")),
    )
    op.create_index("ix_presence_subject", "presence", ["subject"])
    op.create_table(
        "saved_views",
        sa.Column("view_id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("owner", "page", "name")),
        sa.Column("shared_with", sa.Text),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("query", "saved_at")),
        sa.UniqueConstraint("owner", "page", "name"),
    )
