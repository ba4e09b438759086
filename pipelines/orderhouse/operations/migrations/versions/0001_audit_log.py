"""Audit log, with triggers that refuse changes of its rows."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

REFUSAL = "rows of the audit log are never changed or deleted"
SQLITE = """
create trigger audit_log_{name} before {name} on audit_log begin select raise(abort, '{refusal}'); end
"""
POSTGRESQL = (
    f"create function audit_log_is_kept() returns trigger language plpgsql as "
    f"$$ begin raise exception '{REFUSAL}'; end $$",
    "create trigger audit_log_rows before update or delete on audit_log "
    "for each row execute function audit_log_is_kept()",
    "create trigger audit_log_whole before truncate on audit_log "
    "for each statement execute function audit_log_is_kept()",
)


def upgrade() -> None:
    """Create the table and its triggers."""
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("at", "actor", "role", "action", "subject", "detail", "previous_hash", "hash")
        ),
    )
    if op.get_bind().dialect.name == "sqlite":
        for name in ("update", "delete"):
            op.execute(SQLITE.format(name=name, refusal=REFUSAL))
    else:
        for statement in POSTGRESQL:
            op.execute(statement)
