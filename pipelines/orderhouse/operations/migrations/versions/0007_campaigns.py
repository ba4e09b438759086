"""States of campaigns that have started."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    """Create the table."""
    names = ("state", "body", "started_at", "started_by", "changed_at", "changed_by")
    op.create_table(
        "campaigns",
        sa.Column("campaign_id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in names),
        sa.Column("members_count", sa.BigInteger, nullable=False),
    )
