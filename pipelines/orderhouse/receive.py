"""One receipt: ingest new files, replay pending repairs, and apply erasures to the new originals.

`ingest` depends on neither repairs nor erasures, so this module is the only one that calls all three. The caller holds
the run lock.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from orderhouse.erasure.own_actions import conceal_loaded, reopen_unknown
from orderhouse.erasure.suppression import suppress_recent
from orderhouse.ingest.earlier_ids import replace_earlier_ids
from orderhouse.ingest.results import IngestResult, ProgressCallback
from orderhouse.ingest.run import ingest
from orderhouse.repair.replay import replay
from orderhouse.repair.reread import record_sentences
from orderhouse.repair.results import replay_sentences
from orderhouse.repair.standing import FILE_NAME, load_standing, record_standing
from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import sources_of
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.home_identity import claim
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import open_vault

__all__ = ["receive"]


def receive(settings: Settings, *, progress: ProgressCallback | None = None) -> IngestResult:
    """Load every new file of the declared sources and bring repairs and erasures up to date with it.

    Running it again changes nothing.

    Args:
        settings: Settings of the home, with the path of the sources file.
        progress: Called after each file.

    Returns:
        The result of the ingest, with the notes of the replay and the last batch that was written.

    Raises:
        OrderhouseError: The sources file is wrong, or the warehouse or the vault cannot be opened.
    """
    declared = sources_of(settings)
    repairs = settings.sources_file.parent / FILE_NAME
    load_standing(repairs, declared.sources)  # a mistake in it stops before anything is loaded
    with open_vault(settings) as vault, contextlib.ExitStack() as stack:
        connection = stack.enter_context(contextlib.closing(open_raw(settings)))
        claim(connection, vault.keys.fingerprint)
        connection = stack.enter_context(
            contextlib.closing(replace_earlier_ids(settings, connection, vault, declared.sources))
        )
        if settings.sources is not None:
            write_atomically(settings.last_sources_file, str(settings.sources))
        originals = Originals(settings, vault.keys)
        reopen_unknown(settings, connection)
        ingested = ingest(settings, declared, connection, vault, originals, progress)
        rereads = [] if ingested.batch_id is None else record_sentences(connection, ingested.batch_id)
        standing = record_standing(connection, vault, declared.sources, repairs)
        replayed = replay(connection, vault, declared.sources)
        if vault.suppressed():
            suppress_recent(settings, connection, declared.sources, vault)
        originals.prune()
        conceal_loaded(settings, connection)
    repaired = {row.place.rpartition(":")[0] for row in replayed.rows if row.outcome in {"accepted", "duplicate"}}
    notes = [*ingested.notes, *rereads, *standing, *replay_sentences(replayed), *replayed.notes]
    batch_id = replayed.batch_id or ingested.batch_id
    return replace(ingested, batch_id=batch_id, notes=notes, repaired=frozenset(repaired))
