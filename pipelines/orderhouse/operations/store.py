"""Operations store: one small database, SQLite in the home or PostgreSQL by a setting, with its schema version.

Tables are declared in `tables`, their history is in `migrations`. What the tables mean belongs to the modules that
write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.file_locks import locked

__all__ = ["SCHEMA_VERSION", "Store", "open_file", "open_store"]

# The newest migration. A store of this version is opened without loading Alembic.
SCHEMA_VERSION = "0008"
MIGRATIONS = Path(__file__).with_name("migrations")
# Seconds for which a writer waits for another one.
PATIENCE = 30
# Key of PostgreSQL's advisory lock for migrations, chosen once at random.
MIGRATION_LOCK = 6_203_117_481


class Store:
    """Open operations store.

    Attributes:
        engine: SQLAlchemy's engine.
        place: Name of the store for messages, without password.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.place = engine.url.render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        """Return True for a file in the home."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def writing(self, table: str) -> Iterator[sa.Connection]:
        """Begin a transaction that is the only one to write a table, and commit it at the end.

        Raises:
            OrderhouseError: The store cannot be written.
        """
        with self._errors(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("begin immediate")
            else:
                connection.exec_driver_sql(f'lock table "{table}" in exclusive mode')
            yield connection
            connection.commit()

    @contextmanager
    def writing_all(self) -> Iterator[sa.Connection]:
        """Begin a transaction that writes several tables, and commit it at the end.

        Raises:
            OrderhouseError: The store cannot be written.
        """
        with self._errors(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("begin immediate")
            yield connection
            connection.commit()

    @contextmanager
    def reading(self, *, at_one_instant: bool = False) -> Iterator[sa.Connection]:
        """Begin a transaction that reads.

        Args:
            at_one_instant: True if all statements of the transaction see the same rows; SQLite's always do.

        Raises:
            OrderhouseError: The store cannot be read.
        """
        with self._errors(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("begin")
            elif at_one_instant:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
            connection.rollback()

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep a connection open, without a transaction, while many short ones follow.

        SQLite merges its log into the file whenever the last connection is closed, which takes as long as a commit.

        Raises:
            OrderhouseError: The store cannot be opened.
        """
        with self._errors(), self.engine.connect():
            yield

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            reason = (str(error.orig).splitlines() or [""])[0]
            raise OrderhouseError(f"The operations store {self.place} cannot be used: {reason}.") from None


def open_store(settings: Settings) -> Store:
    """Open the operations store, and create it or bring it to the newest schema if need be.

    Raises:
        OrderhouseError: The database cannot be reached, or belongs to a newer release.
    """
    address = _address(settings)
    if address.get_backend_name() == "sqlite":
        settings.operations.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = Store(_engine(address))
    found = _version(store)
    if found != SCHEMA_VERSION:
        _migrate(store, settings)
    return store


def open_file(path: Path) -> Store:
    """Open an SQLite file, and create it without tables if there is none. The caller knows its schema."""
    return Store(_engine(sa.URL.create("sqlite", database=str(path))))


def _address(settings: Settings) -> sa.URL:
    """Return the address of the database: that of the setting or of its file, else a file in the home."""
    if settings.operations_url is not None:
        text, named = settings.operations_url.get_secret_value(), "ORDERHOUSE_OPERATIONS_URL"
    elif settings.operations_url_file is not None:
        named = str(settings.operations_url_file)
        try:
            text = settings.operations_url_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise OrderhouseError(f"{named} cannot be read: {error.strerror}.") from None
    else:
        return sa.URL.create("sqlite", database=str(settings.operations / "operations.sqlite"))
    try:
        address = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise OrderhouseError(
            f"{named} is not the address of a database. Write postgresql://USER:PASSWORD@HOST/NAME."
        ) from None
    if address.get_backend_name() != "postgresql":
        raise OrderhouseError(f"{named}: the operations store is a PostgreSQL database. Write postgresql://….")
    return address.set(drivername="postgresql+psycopg")


@lru_cache(maxsize=4)
def _engine(address: sa.URL) -> sa.Engine:
    """Return the engine of a database; all threads of the process share it.

    Connections are short and few, so none is kept open.
    """
    if address.get_backend_name() != "sqlite":
        return sa.create_engine(address, poolclass=sa.NullPool, connect_args={"connect_timeout": PATIENCE})
    # Python's driver would begin transactions late; they are begun by the store, and a writer's at once.
    engine = sa.create_engine(
        address, poolclass=sa.NullPool, connect_args={"timeout": PATIENCE, "isolation_level": None}
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for statement in ("pragma journal_mode = wal", "pragma synchronous = full", "pragma foreign_keys = on"):
        cursor.execute(statement)
    cursor.close()


def _version(store: Store) -> str | None:
    """Return the schema version, or None for a new database."""
    with store.reading() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.exec_driver_sql("select version_num from alembic_version").scalar()
        return found


def _migrate(store: Store, settings: Settings) -> None:
    """Run the migrations that the database lacks, while other processes wait."""
    import alembic.command
    import alembic.config
    from alembic.script import ScriptDirectory

    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _only_migration(store, settings):
        found = _version(store)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise OrderhouseError(
                f"The operations store {store.place} has the schema {found} of a newer release. "
                "Install that release, or name another database."
            )
        with store._errors(), store.engine.connect() as connection:
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")


@contextmanager
def _only_migration(store: Store, settings: Settings) -> Iterator[None]:
    if store.is_sqlite:
        with locked(settings.operations / "migration.lock"):
            yield
        return
    with store._errors(), store.engine.connect() as connection:
        connection.exec_driver_sql(f"select pg_advisory_lock({MIGRATION_LOCK})")
        connection.commit()
        try:
            yield
        finally:
            connection.exec_driver_sql(f"select pg_advisory_unlock({MIGRATION_LOCK})")
            connection.commit()
