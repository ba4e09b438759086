"""Receivers: the sources that take webhooks, with their secrets and landing folders.

Wrong configuration is found here, before the server listens: a missing secret, or a landing folder that the source's
own path does not match. Signatures belong to `signatures`.
"""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from orderhouse.errors import OrderhouseError
from orderhouse.intake.signatures import standard_key
from orderhouse.sources.config.declaration import Intake, Source, SourcesFile

__all__ = ["LandingPlace", "Receiver", "receivers"]

EXAMPLE = "orders_create-20260102T030405.000006Z-id-0123456789abcdef0123456789abcdef.json"
WILD = set("*?[")


@dataclass(frozen=True)
class LandingPlace:
    """Landing folder of a source.

    Attributes:
        folder: The folder before the first wildcard of the source's path.
        by_day: True if each day has a folder of its own, which a path with ``**`` allows.
    """

    folder: Path
    by_day: bool


@dataclass(frozen=True)
class Receiver:
    """Source that takes webhooks.

    Attributes:
        name: Name of the source.
        kind: Signature scheme: ``shopify``, ``stripe`` or ``generic``.
        secrets: Secrets that are accepted; several while a secret is being replaced.
        place: The landing folder.
    """

    name: str
    kind: str
    secrets: tuple[bytes, ...] = field(repr=False)
    place: LandingPlace


def receivers(declared: SourcesFile, environment: Mapping[str, str]) -> dict[str, Receiver]:
    """Return the receivers by source name.

    Args:
        declared: The sources file.
        environment: Environment variables, which contain the secrets.

    Raises:
        OrderhouseError: No source takes webhooks, or the configuration of one is wrong.
    """
    found = {
        name: _receiver(declared.path, source, source.intake, environment)
        for name, source in declared.sources.items()
        if source.intake is not None
    }
    if not found:
        raise OrderhouseError(
            f"{declared.path}: no source takes webhooks. Add `intake: {{kind: shopify, secret_env: NAME}}` to one. "
            "Kinds are shopify, stripe and generic."
        )
    return found


def _receiver(path: Path, source: Source, intake: Intake, environment: Mapping[str, str]) -> Receiver:
    if source.format == "canonical" and source.feed is None:
        raise OrderhouseError(
            f"{path}: source {source.name}: webhooks of the canonical format need a `feed`, because the names of their "
            "files do not tell it."
        )
    secrets = _secrets(path, source, intake, environment)
    return Receiver(source.name, intake.kind, secrets, _landing_place(path, source))


def _secrets(path: Path, source: Source, intake: Intake, environment: Mapping[str, str]) -> tuple[bytes, ...]:
    where = f"{path}: source {source.name}: the environment variable {intake.secret_env}"
    secrets = [part.strip().encode() for part in environment.get(intake.secret_env, "").split(",") if part.strip()]
    if not secrets:
        raise OrderhouseError(f"{where} is empty. Set it to the webhook's signing secret.")
    if intake.kind == "generic":
        for secret in secrets:
            try:
                standard_key(secret)
            except ValueError:
                raise OrderhouseError(
                    f"{where} is not a Standard Webhooks secret. Write `whsec_` and base64 of 24 to 64 random bytes."
                ) from None
    return tuple(secrets)


def _landing_place(path: Path, source: Source) -> LandingPlace:
    """Return the first landing folder whose files match the source's own path."""
    for pattern in source.path:
        for place, rest in _candidates(source, pattern):
            if _finds(rest, by_day=place.by_day):
                return place
    raise OrderhouseError(
        f"{path}: source {source.name}: no path ({', '.join(source.path)}) matches landed files such as {EXAMPLE}. "
        f"Add one such as landing/{source.name}/*.json or landing/{source.name}/**/*.json."
    )


def _candidates(source: Source, pattern: str) -> Iterator[tuple[LandingPlace, str]]:
    """Yield landing places of a pattern, each with the rest of the pattern.

    The folder is the part before the first wildcard. A pattern without wildcards is a folder of files.
    """
    if "://" in pattern:
        return
    parts = PurePosixPath(pattern).parts
    fixed = next((place for place, part in enumerate(parts) if WILD & set(part)), len(parts))
    if fixed == len(parts) and PurePosixPath(pattern).suffix:
        return
    folder = source.base / Path(*parts[:fixed]).expanduser()
    rest = "/".join(parts[fixed:]) or "*"
    if "**" in rest:
        yield LandingPlace(folder, by_day=True), rest
    yield LandingPlace(folder, by_day=False), rest


def _finds(rest: str, *, by_day: bool) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        example = Path(scratch, "2026-01-02" if by_day else "", EXAMPLE)
        example.parent.mkdir(exist_ok=True)
        example.touch()
        return str(example) in glob.glob(f"{glob.escape(scratch)}/{rest}", recursive=True)  # noqa: PTH207
