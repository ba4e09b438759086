"""Settings: the paths and the configuration of a home, from ``orderhouse.toml`` overridden by ``ORDERHOUSE_*``.

Settings are built once at the edge (command line, Dagster definitions, dashboards) and passed down. No other module
reads the environment. The declarations of sources belong in ``sources.yaml``, not here.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ByteSize, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from orderhouse.errors import OrderhouseError

__all__ = ["Engine", "Settings", "bytes_of", "load_settings"]

SETTINGS_FILE = "orderhouse.toml"
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B", re.IGNORECASE)


def bytes_of(size: str) -> int:
    """Return the number of bytes in a size such as 500MB, 2GB or 4GiB.

    Raises:
        ValueError: The text is no size.
    """
    found = SIZE.fullmatch(size.strip())
    if found is None:
        raise ValueError(f"{size!r} is not a size; write one such as 2GB")
    number, unit, is_binary = found.groups()
    return int(float(number) * (1024 if is_binary else 1000) ** " KMGT".index(unit.upper() or " "))


class Engine(BaseModel):
    """Engine that computes the models: DuckDB in this process, or an existing Spark cluster."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["duckdb", "spark"] = Field(default="duckdb", description="The engine of builds.")
    remote: SecretStr = Field(
        default=SecretStr("sc://127.0.0.1:15002"),
        description="Address of Spark Connect. One with a token belongs in the environment.",
    )
    storage: str | None = Field(
        default=None,
        description="Folder that this machine and every worker reach by the same path, or s3a://bucket/folder.",
    )
    schema_prefix: str = Field(
        default="orderhouse", pattern="^[a-z][a-z0-9_]*$", description="Start of the names of the schemas on Spark."
    )
    threads: int = Field(default=4, ge=1, description="Tables that are computed at the same time on Spark.")
    keep_runs: int = Field(default=2, ge=1, description="Runs whose tables are kept in the storage.")

    @field_validator("remote")
    @classmethod
    def _address(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith("sc://"):
            raise ValueError("this is no address of Spark Connect; write one such as sc://host:15002")
        return value

    @field_validator("storage")
    @classmethod
    def _place(cls, value: str | None) -> str | None:
        if value is None or value.startswith(("s3a://", "/", "~")):
            return value if value is None else value.rstrip("/") or value
        raise ValueError("write a folder that starts with /, or s3a://bucket/folder")


class Settings(BaseSettings):
    """Paths and configuration of a home. Paths are absolute."""

    model_config = SettingsConfigDict(
        env_prefix="ORDERHOUSE_", env_nested_delimiter="__", env_ignore_empty=True, extra="forbid", frozen=True
    )

    home: Path = Field(default=Path("data"), description="Folder of all runtime state.")
    sources: Path | None = Field(
        default=None,
        description="The sources file; else ./sources.yaml, else <home>/sources.yaml, else the last one named.",
    )
    business_time_zone: str | None = Field(
        default=None, description="Zone of business days; else the sources file's, else UTC."
    )
    reporting_currency: str | None = Field(
        default=None, description="Currency of reports; else the sources file's, else that of all orders, else EUR."
    )
    locale: str = Field(default="en", description="Locale of numbers and days on the pages, such as de or en_GB.")
    keep_versions: int = Field(default=5, ge=1, description="Published versions kept for rollback.")
    keep_runs: int = Field(default=50, ge=1, description="Runs kept in Dagster's history.")
    keep_reports: int = Field(default=20, ge=1, description="Reports of each schedule kept as files.")
    keep_audits: int = Field(default=20, ge=1, description="Results of audits kept as JSON.")
    keep_originals: bool = Field(
        default=True, description="Keep files as received in the vault, compressed and encrypted."
    )
    keep_originals_days: int | None = Field(
        default=None, ge=1, description="Days for which originals are kept; no limit if unset."
    )
    vault_master_key: SecretStr | None = Field(
        default=None, description="Master key that seals the vault's keys: 64 hexadecimal digits, from the environment."
    )
    vault_master_key_file: Path | None = Field(default=None, description="File with the master key.")
    vault_master_key_command: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Command and arguments that print the master key, such as those of a key service."
    )
    threads: int | None = Field(default=None, ge=1, description="DuckDB threads; all cores if unset.")
    memory_limit: str = Field(
        default="50%", description="Memory of DuckDB in one step: a size such as 4GB, or a share of the machine's."
    )
    query_memory_limit: str = Field(default="2GB", description="Memory of a reader's query, export or page.")
    query_seconds: float = Field(default=300, gt=0, description="Seconds after which a reader's query is ended.")
    query_rows: int = Field(default=10_000_000, ge=1, description="Most rows of an answer of `orderhouse sql`.")
    query_spill_limit: str = Field(
        default="10GB", description="Disk space of a reader's query for what does not fit into its memory."
    )
    export_seconds: float = Field(default=3600, gt=0, description="Seconds after which an export is ended.")
    feed_max_file: str = Field(default="8GB", description="Most content of a received file, unpacked.")
    feed_max_document: str = Field(
        default="256MB", description="Most content of a file that is read as a whole: a JSON document, a workbook."
    )
    feed_max_record: str = Field(default="16MB", description="Longest line of a received file.")
    feed_max_rows: int = Field(default=50_000_000, ge=1, description="Most rows of a received file.")
    feed_max_columns: int = Field(default=2_000, ge=1, description="Most columns of a received file.")
    feed_max_depth: int = Field(default=100, ge=1, description="Most levels of nesting in a JSON record.")
    feed_max_expansion: int = Field(
        default=200, ge=1, description="Most times its own size to which a packed file may unpack, above 64 MB."
    )
    settle_seconds: float = Field(
        default=0, ge=0, description="Seconds for which a file must be unchanged before it is loaded."
    )
    intake_max_bytes: int = Field(default=2 << 20, ge=1, description="Largest accepted webhook body in bytes.")
    public_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Names under which people reach the servers, beside those of the loopback interface."
    )
    portal_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Names under which customers reach the portal, beside those of the loopback interface."
    )
    portal_workers: int = Field(default=1, ge=1, le=64, description="Processes that serve the portal.")
    portal_behind_proxy: bool = Field(
        default=False, description="A proxy on this machine states the client's address in `X-Forwarded-For`."
    )
    portal_client_per_minute: int = Field(default=120, ge=1, description="Requests of one client per minute.")
    portal_key_per_minute: int = Field(default=1200, ge=1, description="Requests with one key per minute.")
    portal_per_second: int = Field(default=2000, ge=1, description="Requests of all clients per second.")
    portal_return_days: int = Field(
        default=30, ge=0, description="Days after delivery within which a customer may ask for a return."
    )
    portal_return_days_by_category: dict[str, int] = Field(
        default_factory=dict, description="The same for the products of a category; 0 for no returns."
    )
    campaign_control_share: float = Field(
        default=0.05, ge=0, lt=1, description="Share of customers in the control group that no campaign writes to."
    )
    campaign_control_salt: str = Field(
        default="orderhouse", min_length=1, description="Text that decides who is in that group; it must never change."
    )
    campaign_cap_count: int = Field(
        default=4, ge=1, description="Most campaigns that one person is a member of within `campaign_cap_days`."
    )
    campaign_cap_days: int = Field(default=28, ge=1, le=366, description="Days of that limit.")
    routing_policy: str = Field(
        default="fewest-parcels",
        description="Policy of routing, by name (fewest-parcels, on-time, cheapest, …) or by aims such as date,cost.",
    )
    export_destinations: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Folders and s3:// addresses that jobs and pages may export to, beside <home>/exports."
    )
    access_file: Path | None = Field(
        default=None, description="The file of roles and people; <home>/access.yaml if unset."
    )
    oidc_secrets: Path | None = Field(
        default=None, description="File of the sign-in's secrets in mode oidc, in the form of Streamlit's secrets.toml."
    )
    operations_url: SecretStr | None = Field(
        default=None,
        description="Address of a PostgreSQL database for the operations store; a SQLite file in the home if unset. "
        "Set it in the environment only, because it may hold a password.",
    )
    operations_url_file: Path | None = Field(
        default=None, description="File that holds the address, in place of `operations_url`."
    )
    alert_webhook: str | None = Field(
        default=None, description="Address that alerts are posted to; https, or http on this machine."
    )
    alert_webhook_secret: SecretStr | None = Field(
        default=None, description="Secret of Standard Webhooks (`whsec_…`) that signs them."
    )
    alert_emails: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Addresses that alerts are mailed to."
    )
    alert_free_disk: ByteSize = Field(
        default=ByteSize(2_000_000_000), description="Free disk space below which an alert is raised, such as 2GB."
    )
    alert_quarantine_share: float = Field(
        default=0.05, gt=0, le=1, description="Share of a feed's rows of the last day above which an alert is raised."
    )
    alert_version_hours: float | None = Field(
        default=26, gt=0, description="Age of the published version above which an alert is raised; none if unset."
    )
    alert_backup_hours: float | None = Field(
        default=48,
        gt=0,
        description="Age of the last backup above which an alert is raised, once there was one; none if unset.",
    )
    smtp_server: str | None = Field(default=None, description="Mail server as host:port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="Encryption of the connection; `none` on this machine only."
    )
    smtp_user: str | None = Field(default=None, description="User of the mail server, if it asks for one.")
    smtp_password: SecretStr | None = Field(default=None, description="Password of that user.")
    smtp_sender: str | None = Field(default=None, description="Address that mails come from.")
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token that `/metrics` asks for; open on this machine if unset."
    )
    lock_wait_seconds: float = Field(
        default=0, ge=0, description="Seconds for which a second run waits for the first one."
    )
    engine: Engine = Field(default=Engine(), description="What computes the models.")

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

    @field_validator("home", "sources", "access_file", "oidc_secrets", "operations_url_file", "vault_master_key_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else Path(os.path.abspath(value.expanduser()))  # noqa: PTH100 - keeps symlinks

    @field_validator("public_hosts", "portal_hosts", "export_destinations", "alert_emails", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """Take several values from one text, separated by commas, as an environment variable gives them."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("query_memory_limit", "query_spill_limit", "feed_max_file", "feed_max_document", "feed_max_record")
    @classmethod
    def _size(cls, value: str) -> str:
        bytes_of(value)
        return value

    @field_validator("vault_master_key_command", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Take a command from one text, split as a shell would, as an environment variable gives it."""
        return tuple(shlex.split(value)) if isinstance(value, str) else value

    @field_validator("business_time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is not a time zone; write one such as Europe/London")
        return value

    @field_validator("locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        from babel import Locale, UnknownLocaleError  # needed by the pages alone

        try:
            return str(Locale.parse(value.replace("-", "_"), sep="_"))
        except (UnknownLocaleError, ValueError) as error:
            raise ValueError(f"{value!r} is not a locale; write one such as en, de or pt_BR") from error

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
    def campaigns(self) -> Path:
        """Return the folder of the frozen members of campaigns, one file for each start. Every run reads it."""
        return self.home / "campaigns"

    @property
    def suppressions(self) -> Path:
        """Return the folder of decisions about who is not written to. Every run reads it."""
        return self.home / "suppressions"

    @property
    def warehouse(self) -> Path:
        """Return the folder of the warehouse files."""
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
    def predictions_db(self) -> Path:
        """Return the file of predictions, which is append-only."""
        return self.warehouse / "predictions.duckdb"

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
    def backup_places(self) -> Path:
        """Return the list of places that the home was backed up to, one per line; erasures are announced there."""
        return self.home / "backup_places"

    @property
    def last_backup(self) -> Path:
        """Return the file with the instant of the last backup of this home."""
        return self.home / "last_backup"

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
    def role_copies(self) -> Path:
        """Return the folder of what roles may read of published versions, which may be deleted and is made again."""
        return self.home / "roles"

    @property
    def portal(self) -> Path:
        """Return the folder of the portal's indexes and counters, which may be deleted and is made again."""
        return self.home / "portal"

    @property
    def exports(self) -> Path:
        """Return the default folder of exports."""
        return self.home / "exports"

    @property
    def reports(self) -> Path:
        """Return the folder of the files that schedules made, one folder for each due time."""
        return self.home / "reports"

    @property
    def restoring(self) -> Path:
        """Return the folder of a restore that has not ended; nothing is written to the home while it exists."""
        return self.home / "restoring"

    @property
    def spill(self) -> Path:
        """Return the folder in which readers' connections spill, each in a folder of its own."""
        return self.home / "tmp"

    @property
    def dagster_home(self) -> Path:
        """Return the folder of Dagster's own state."""
        return self.home / "dagster"

    @property
    def operations(self) -> Path:
        """Return the folder of what people and rules did: alerts, and the operations store."""
        return self.home / "operations"

    @property
    def logs(self) -> Path:
        """Return the folder of logs of runs and of dbt."""
        return self.home / "logs"

    @property
    def runs(self) -> Path:
        """Return the folder of the records of steps: when each last ran, and how it ended."""
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

    The override `engine` is the kind of engine alone; its other settings stay.
    A working folder that this user may not enter counts as one without `orderhouse.toml`.

    Raises:
        OrderhouseError: A setting is unknown or has an invalid value, with file and line where there is one; or
            `orderhouse.toml` may not be read or is not TOML.
    """
    path = Path.cwd() / SETTINGS_FILE
    given = {name: value for name, value in overrides.items() if value is not None}
    kind = {"kind": given.pop("engine")} if "engine" in given else {}
    from_file = {name: value for name, value in _read_toml(path).items() if not _is_overridden(name, given)}
    if isinstance(table := from_file.get("engine", {}), dict):
        from_file["engine"] = {
            name: value for name, value in table.items() if not _is_overridden(f"engine__{name}", kind)
        }
        given["engine"] = {**from_file["engine"], **kind}
    try:
        return Settings(**{**from_file, **given})
    except ValidationError as error:
        raise OrderhouseError(_explain(error, path, from_file)) from None


def _is_overridden(name: str, given: dict[str, Any]) -> bool:
    return name.split("__")[-1] in given or bool(os.environ.get(f"ORDERHOUSE_{name.upper()}"))


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
    name, *inner = (str(part) for part in problem["loc"])
    group, known = from_file, list(Settings.model_fields)
    variable = f"ORDERHOUSE_{name.upper()}"
    if name == "engine" and inner:
        name = inner[0]
        group, known = from_file.get("engine", {}), list(Engine.model_fields)
        variable = f"{variable}__{name.upper()}"
    where = f"{path}:{_line_of(path, name)}" if name in group else variable if name in known else "settings"
    if problem["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        return f"{where}: there is no setting {name!r}; did you mean {nearest[0]!r}?"
    return f"{where}: {name}: {problem['msg'].removeprefix('Value error, ')}."


def _line_of(path: Path, name: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.split("=")[0].strip().strip('"') == name), 1)
