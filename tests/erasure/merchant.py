"""People with unique personal values, and a home that can be searched for them byte by byte."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from orderhouse.files.source_files import unpacked
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import open_vault

from tests.ingest.landing import Landing

AT = "2026-01-02T03:04:05Z"


@dataclass(frozen=True)
class Values:
    """Personal values of one person."""

    email: str
    name: str
    phone: str
    street: str
    text: str

    def all(self) -> tuple[str, ...]:
        """Return all of the values."""
        return astuple(self)


ANNA = Values(
    "anna.quittenbaum@example.com",
    "Anna Quittenbaum, née Öztürk",
    "+49 171 5550199",
    "Zwetschgenweg 4711",
    'call me on "+49 171 5550199", said anna.quittenbaum@example.com',
)
BERTA = Values("berta.holunder@example.com", "Berta Holunder", "+49 30 5550177", "Am Wehr 3", "all fine")


class Merchant(Landing):
    """Landing folder whose home can be searched."""

    def vault_values(self) -> set[str]:
        """Return all values in the vault."""
        with open_vault(self.settings) as vault:
            return {value for (value,) in vault.connection.execute("select value from personal").fetchall()}

    def originals(self) -> dict[str, bytes]:
        """Return the retained originals, unsealed, by the path they had."""
        with open_vault(self.settings) as vault:
            kept = Originals(self.settings, vault.keys)
            files = self.query("select distinct file_id, path, size_bytes from raw.files")
            return {
                path: unpacked(kept.file(file_id, path, size)).getvalue()
                for file_id, path, size in files
                if kept.has(file_id)
            }

    def feed_rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Return every live row of every feed, without the receipt columns."""
        found = {}
        for feed in ("customers", "orders", "order_lines", "returns", "feedback", "actions"):
            found[feed] = self.query(
                f"""
                select columns('^[^_]'), _record, _file_id from raw.{feed}
                where _batch_id = (
                    select max(batch_id) from raw.files where file_id = _file_id and source = _source
                )
                order by all
                """
            )
        return found
