"""Which sources take webhooks: their secrets, and the folder in which their bodies land.

Everything that can be wrong is found here, before the server listens: a missing secret, or a landing folder that the
source's own path would not find again.
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
    """Where bodies land.

    Attributes:
        folder: The folder before the first wildcard of the source's path.
        by_day: Whether each day has a folder of its own in it, which a path with ``**`` allows.
    """

    folder: Path
    by_day: bool


@dataclass(frozen=True)
class Receiver:
    """A source that takes webhooks."""

    name: str
    kind: str
    secrets: tuple[bytes, ...] = field(repr=False)
    place: LandingPlace


def receivers(declared: SourcesFile, environment: Mapping[str, str]) -> dict[str, Receiver]:
    """The sources that take webhooks, by name.

    Args:
        declared: The sources file.
        environment: Holds the secrets, under the names that the file says.

    Raises:
        OrderhouseError: No source takes webhooks, or one cannot.
    """
    found = {
        name: _receiver(declared.path, source, source.intake, environment)
        for name, source in declared.sources.items()
        if source.intake is not None
    }
    if not found:
        raise OrderhouseError(
            f"{declared.path}: no source takes webhooks. Give one `intake: {{kind: shopify, secret_env: NAME}}`; "
            "kinds are shopify, stripe and generic."
        )
    return found


def _receiver(path: Path, source: Source, intake: Intake, environment: Mapping[str, str]) -> Receiver:
    if source.format == "canonical" and source.feed is None:
        raise OrderhouseError(
            f"{path}: source {source.name}: webhooks of the canonical format need a `feed`, since their files are not "
            "named by feed."
        )
    secrets = _secrets(path, source, intake, environment)
    return Receiver(source.name, intake.kind, secrets, _landing_place(path, source))


def _secrets(path: Path, source: Source, intake: Intake, environment: Mapping[str, str]) -> tuple[bytes, ...]:
    where = f"{path}: source {source.name}: the environment variable {intake.secret_env}"
    secrets = [part.strip().encode() for part in environment.get(intake.secret_env, "").split(",") if part.strip()]
    if not secrets:
        raise OrderhouseError(f"{where} holds no secret. Set it to the webhook's signing secret.")
    if intake.kind == "generic":
        for secret in secrets:
            try:
                standard_key(secret)
            except ValueError:
                raise OrderhouseError(
                    f"{where} holds no Standard Webhooks secret: write `whsec_` and base64 of 24 to 64 random bytes."
                ) from None
    return tuple(secrets)


def _landing_place(path: Path, source: Source) -> LandingPlace:
    """The first of the source's paths under which what lands is found again."""
    for pattern in source.path:
        for place, rest in _candidates(source, pattern):
            if _finds(rest, by_day=place.by_day):
                return place
    raise OrderhouseError(
        f"{path}: source {source.name}: webhooks land in files such as {EXAMPLE}, which none of its paths finds "
        f"({', '.join(source.path)}). Add one such as landing/{source.name}/*.json or landing/{source.name}/**/*.json."
    )


def _candidates(source: Source, pattern: str) -> Iterator[tuple[LandingPlace, str]]:
    """The fixed folder of a pattern with what follows it; a pattern without wildcards is a folder of files."""
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
