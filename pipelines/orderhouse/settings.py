"""Settings: the paths and the configuration of a home, from ``orderhouse.toml`` overridden by ``ORDERHOUSE_*``.

Settings are built once at the edge (command line, Dagster definitions, dashboards) and passed down. No other module
reads the environment. The declarations of sources belong in ``sources.yaml``, not here.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from orderhouse.errors import OrderhouseError

__all__ = ["Settings", "load_settings"]

SETTINGS_FILE = "orderhouse.toml"


class Settings(BaseSettings):
    """Paths and configuration of a home. Paths are absolute."""

    model_config = SettingsConfigDict(env_prefix="ORDERHOUSE_", env_ignore_empty=True, extra="forbid", frozen=True)

    home: Path = Field(default=Path("data"), description="Folder of all runtime state.")
    sources: Path | None = Field(
        default=None,
        description="The sources file; else ./sources.yaml, else <home>/sources.yaml, else the last one named.",
    )
    business_time_zone: str | None = Field(
        default=None, description="Zone of business days; else the sources file's, else UTC."
    )
    reporting_currency: str | None = Field(
        default=None, description="Currency of reports; else the sources file's, else EUR."
    )
    keep_versions: int = Field(default=5, ge=1, description="Published versions kept for rollback.")
    keep_originals: bool = Field(
        default=True, description="Keep files as received in the vault, compressed and encrypted."
    )
    keep_originals_days: int | None = Field(
        default=None, ge=1, description="Days for which originals are kept; no limit if unset."
    )
    threads: int | None = Field(default=None, ge=1, description="DuckDB threads; all cores if unset.")
    memory_limit: str | None = Field(
        default=None, description="DuckDB memory limit, such as 4GB; DuckDB's own if unset."
    )
    settle_seconds: float = Field(
        default=0, ge=0, description="Seconds for which a file must be unchanged before it is loaded."
    )
    intake_max_bytes: int = Field(default=2 << 20, ge=1, description="Largest accepted webhook body in bytes.")
    public_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Names under which people reach the servers, beside those of the loopback interface."
    )
    export_destinations: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Folders and s3:// addresses that jobs and pages may export to, beside <home>/exports."
    )
    lock_wait_seconds: float = Field(
        default=0, ge=0, description="Seconds for which a second run waits for the first one."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return overrides first, then the environment; `load_settings` merges the settings file in."""
        return init_settings, env_settings

    @field_validator("home", "sources")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else Path(os.path.abspath(value.expanduser()))  # noqa: PTH100 - keeps symlinks

    @field_validator("public_hosts", "export_destinations", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """Take several values from one text, separated by commas, as an environment variable gives them."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("business_time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is not a time zone; write one such as Europe/London")
        return value

    @field_validator("reporting_currency")
    @classmethod
    def _known_currency(cls, value: str | None) -> str | None:
        if value is None:
            return None
        from orderhouse.contracts.codes import CURRENCIES  # imports dataframely, which takes a second

        if value not in CURRENCIES:
            raise ValueError(f"{value!r} is not an ISO-4217 currency; write one such as EUR")
        return value

    @property
    def landing(self) -> Path:
        """Return the folder in which files arrive."""
        return self.home / "landing"

    @property
    def actions(self) -> Path:
        """Return the folder of actions that operators took on this machine, one file each. Every run reads it."""
        return self.home / "actions"

    @property
    def warehouse(self) -> Path:
        """Return the folder of the three warehouse files."""
        return self.home / "warehouse"

    @property
    def raw_db(self) -> Path:
        """Return the file of received rows, which is append-only."""
        return self.warehouse / "raw.duckdb"

    @property
    def work_db(self) -> Path:
        """Return the file of staging and intermediate tables, which may be deleted and is rebuilt."""
        return self.warehouse / "work.duckdb"

    @property
    def warehouse_db(self) -> Path:
        """Return the file of marts, ops and quality before publishing."""
        return self.warehouse / "warehouse.duckdb"

    @property
    def vault(self) -> Path:
        """Return the folder of personal data, keys and retained originals."""
        return self.home / "vault"

    @property
    def vault_db(self) -> Path:
        """Return the file that maps tokens to personal values."""
        return self.vault / "vault.duckdb"

    @property
    def vault_keys(self) -> Path:
        """Return the file of the vault's keys, which only the owner may read."""
        return self.vault / "keys"

    @property
    def erased_tokens(self) -> Path:
        """Return the suppression list: the tokens of erased people, one per line, applied to a restored vault too."""
        return self.home / "erased_tokens"

    @property
    def originals(self) -> Path:
        """Return the folder of files as received, compressed and encrypted."""
        return self.vault / "originals"

    @property
    def incoming(self) -> Path:
        """Return the folder of copies of store objects while they are read."""
        return self.vault / "incoming"

    @property
    def hash_cache_file(self) -> Path:
        """Return the cache of content hashes, by which unchanged files are not read again."""
        return self.warehouse / "seen.sqlite"

    @property
    def published(self) -> Path:
        """Return the folder of published versions."""
        return self.home / "published"

    @property
    def known(self) -> Path:
        """Return the folder of versions as known at earlier instants, which may be deleted and are built again."""
        return self.home / "known"

    @property
    def exports(self) -> Path:
        """Return the default folder of exports."""
        return self.home / "exports"

    @property
    def dagster_home(self) -> Path:
        """Return the folder of Dagster's own state."""
        return self.home / "dagster"

    @property
    def logs(self) -> Path:
        """Return the folder of logs of runs and of dbt."""
        return self.home / "logs"

    @property
    def runs(self) -> Path:
        """Return the folder of run records, one per run."""
        return self.home / "runs"

    @property
    def lock_file(self) -> Path:
        """Return the file that the writing process locks; it contains the name of the holder."""
        return self.home / "lock"

    @property
    def sources_file(self) -> Path:
        """Return the sources file in force, which may not exist; without a named or found one, the last one used."""
        if self.sources is not None:
            return self.sources
        here, at_home = Path.cwd() / "sources.yaml", self.home / "sources.yaml"
        if _is_within_reach(here):
            return here
        if at_home.exists() or not self.last_sources_file.exists():
            return at_home
        return Path(self.last_sources_file.read_text(encoding="utf-8"))

    @property
    def last_sources_file(self) -> Path:
        """Return the file with the path of the sources file last ingested from, for scheduled runs."""
        return self.home / "sources_file"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings: `orderhouse.toml` in the working folder, ``ORDERHOUSE_*``, overrides that are not None.

    A working folder that this user may not enter counts as one without `orderhouse.toml`.

    Raises:
        OrderhouseError: A setting is unknown or has an invalid value, with file and line where there is one; or
            `orderhouse.toml` may not be read or is not TOML.
    """
    path = Path.cwd() / SETTINGS_FILE
    given = {name: value for name, value in overrides.items() if value is not None}
    from_file = {name: value for name, value in _read_toml(path).items() if not _is_overridden(name, given)}
    try:
        return Settings(**{**from_file, **given})
    except ValidationError as error:
        raise OrderhouseError(_explain(error, path, from_file)) from None


def _is_overridden(name: str, given: dict[str, Any]) -> bool:
    return name in given or bool(os.environ.get(f"ORDERHOUSE_{name.upper()}"))


def _is_within_reach(path: Path) -> bool:
    """Tell if there is such a file in a working folder that may be unreadable.

    `sudo -u` starts commands in the folder of another user; `Path.exists` raises `PermissionError` there.
    """
    try:
        return path.exists()
    except PermissionError:
        return False


def _read_toml(path: Path) -> dict[str, Any]:
    if not _is_within_reach(path):
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except PermissionError:
        raise OrderhouseError(f"This user may not read {path}. Give it permission, or change the folder.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OrderhouseError(f"{path} is not valid TOML: {error}. Correct the file.") from None


def _explain(error: ValidationError, path: Path, from_file: dict[str, Any]) -> str:
    problem = error.errors()[0]
    name = str(problem["loc"][0])
    if name in from_file:
        where = f"{path}:{_line_of(path, name)}"
    else:
        where = f"ORDERHOUSE_{name.upper()}" if name in Settings.model_fields else "settings"
    if problem["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.0)
        return f"{where}: there is no setting {name!r}; did you mean {nearest[0]!r}?"
    return f"{where}: {name}: {problem['msg'].removeprefix('Value error, ')}."


def _line_of(path: Path, name: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.split("=")[0].strip().strip('"') == name), 1)
