"""Erasures that were made after a backup, carried out in the files that are restored from it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from orderhouse.backup.erased_tokens import listed_tokens
from orderhouse.backup.manifest import BackupManifest
from orderhouse.erasure.own_actions import mark_waiting
from orderhouse.erasure.person import units_with
from orderhouse.erasure.suppression import drop_rejected, last_batch, redact_units, write_note
from orderhouse.files.local_files import LANDED_BODY
from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import sources_of
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.database_files import compact
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import open_vault

__all__ = ["obey_erasures"]


def obey_erasures(settings: Settings, manifest: BackupManifest, tokens: Iterable[str]) -> None:
    """Erase tokens from the vault, the retained originals and the landed bodies of a restored home.

    Originals of a home without a sources file cannot be redacted and are deleted.

    Args:
        settings: Settings of the restored home.
        manifest: Manifest of the backup.
        tokens: The tokens that were erased after it.
    """
    wanted = set(tokens)
    if not wanted:
        return
    sources = sources_of(settings).sources if settings.sources_file.exists() else {}
    with open_vault(settings) as vault, contextlib.closing(open_raw(settings)) as raw:
        originals = Originals(settings, vault.keys)
        drop_rejected(raw, originals)
        vault.erase(wanted)
        mark_waiting(settings, vault, vault.suppressed())
        units = list(units_with(raw, wanted))
        redact_units(raw, sources, originals, vault, vault.suppressed(), units)
        write_note(settings, last_batch(raw))
    known = listed_tokens(settings)
    write_atomically(settings.erased_tokens, "".join(f"{token}\n" for token in sorted(known | wanted)))
    compact(settings.vault_db)
    erased_files = {file_id for _, file_id in units}
    for file in manifest.files:
        path = settings.home / file.path
        if file.sha256 in erased_files and LANDED_BODY.match(path.name):
            path.unlink(missing_ok=True)
