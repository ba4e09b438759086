"""History of the schema of the operations store, for Alembic."""
