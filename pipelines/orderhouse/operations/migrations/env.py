"""Environment of Alembic: runs migrations on the connection that the store hands over."""

from alembic import context

from orderhouse.operations.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
