"""API keys of the portal, of which only hashes are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "role", "created_at", "created_by")),
        sa.Column("revoked_at", sa.Text),
        sa.Column("secret_hash", sa.Text, nullable=False),
    )
