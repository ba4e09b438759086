"""Firings of rules with the versions that made them, rules that ask, and approvals."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def _texts(*names: str, nullable: bool) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "rule_versions",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        *_texts("first_at", "body", nullable=False),
        *_texts("editor", nullable=True),
    )
    op.create_table(
        "rule_firings",
        sa.Column("firing_id", sa.Text, primary_key=True),
        *_texts(
            "rule", "rule_version", "table_name", "subject_id", "occasion", "business_date", "fields", "fired_at",
            "state", "outcomes", nullable=False,
        ),
        *_texts("order_id", "line_id", "amount", "over_at", nullable=True),
        sa.Column("step", sa.Integer, nullable=False),
        sa.UniqueConstraint("rule", "subject_id", "occasion"),
    )  # fmt: skip
    op.create_index("ix_rule_firings_order_id", "rule_firings", ["order_id"])
    op.create_index("ix_rule_firings_state", "rule_firings", ["state", "rule"])
    op.create_table(
        "rule_stops",
        sa.Column("rule", sa.Text, primary_key=True),
        *_texts("rule_version", "asked_at", nullable=False),
        *_texts("decided_by", "decided_at", nullable=True),
        sa.Column("firings_count", sa.Integer, nullable=False),
        sa.Column("allowed_count", sa.Integer),
    )
    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.Text, primary_key=True),
        *_texts("firing_id", "rule", "business_date", "role", "state", "asked_at", nullable=False),
        *_texts("order_id", "amount", "decided_by", "decided_role", "decided_at", "reason", nullable=True),
        sa.Column("step", sa.Integer, nullable=False),
    )
    op.create_index("ix_approvals_state", "approvals", ["state"])
