"""Text of a proposed sources file: one source per group of files, with a comment on each guess."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.vocabulary import vocabulary
from orderhouse.sources.proposals.matching import Match
from orderhouse.sources.proposals.samples import Group
from orderhouse.sources.proposals.values import Written

__all__ = ["file_text", "known_text", "mapped_text", "source_name", "unknown_text"]

PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_./*-]*$")
RESERVED = {"yes", "no", "true", "false", "null", "on", "off", "y", "n"}
MOST_WORDS = 12
OUR_WORDS = {
    "captured": "paid payment sale captured success succeeded settled complete completed charge",
    "refunded": "refund refunded return retour credit",
    "authorized": "authorized authorised authorization pending",
    "voided": "void voided cancelled canceled",
    "failed": "failed declined error",
    "disputed": "chargeback dispute disputed",
}


def file_text(zone: str, currency: str | None, sources: Iterable[str]) -> str:
    """Return the whole file."""
    reporting = f", reporting_currency: {currency}" if currency else ""
    head = "# Proposed by `orderhouse sources new`. Lines with `guess:` were not certain; read these first.\n"
    merchant = f"merchant: {{business_time_zone: {zone}{reporting}}}  # guess: correct the zone of your business days\n"
    return f"{head}\n{merchant}\nsources:\n" + "\n".join(sources)


def source_name(paths: Sequence[Path], taken: set[str], suffix: str = "") -> str:
    """Return a name for a source that is not taken."""
    plain = unicodedata.normalize("NFKD", paths[0].name.split(".")[0]).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z]+", "_", plain.lower()).strip("_") or paths[0].parent.name or "files"
    stem = re.sub(r"[^a-z_]+", "_", stem.lower()).strip("_") or "files"
    names = (f"{stem}{suffix}{number}" for number in ("", *(f"_{each}" for each in range(2, 1000))))
    return next(name for name in names if name not in taken)


def known_text(name: str, format_name: str, paths: Sequence[Path], base: Path) -> str:
    """Return a source of a known format."""
    return f"  {name}:\n    format: {format_name}  # recognised by its content\n    path: {_path(paths, base)}\n"


def unknown_text(paths: Sequence[Path], base: Path, reason: str) -> str:
    """Return a comment on files for which no mapping is proposed."""
    shown = _path(paths, base)
    return "".join(f"  # {line}\n" for line in (f"{shown}: not proposed.", *reason.splitlines()))


def mapped_text(
    name: str, group: Group, match: Match, how: Mapping[str, Written], zone: str, base: Path, guesses: Mapping[str, str]
) -> str:
    """Return a source with a proposed mapping.

    Args:
        name: Name of the source.
        group: The files.
        match: The mapping.
        how: How the values of each column are written.
        zone: Zone of local times.
        base: Folder of the sources file.
        guesses: Keys that follow from the values, each with its value.
    """
    lines = [f"  {name}:", "    format: canonical", f"    feed: {match.feed}", f"    path: {_path(group.paths, base)}"]
    lines += [f"    {key}: {value}" for key, value in group.keys.items()]
    if any(how[theirs].needs_zone for theirs in match.columns):
        lines.append(f"    time_zone: {zone}  # guess: times have no offset")
    lines += [f"    {key}: {value}" for key, value in guesses.items()]
    lines.append("    columns:")
    for theirs, ours in match.columns.items():
        reason = next((match.reasons[each] for each in ours if each in match.reasons), None)
        value = ours[0] if len(ours) == 1 else f"[{', '.join(ours)}]"
        lines.append(f"      {_quoted(theirs)}: {value}" + (f"  # guess: {reason}" if reason else ""))
    if match.ids:
        lines.append("    ids:")
    for made, parts in match.ids.items():
        shown = parts[0] if len(parts) == 1 else f"[{', '.join(_quoted(part) for part in parts)}]"
        lines.append(f"      {made}: {shown}  # guess: {match.reasons[made]}")
    if match.constants:
        lines.append("    constants:")
    for constant, value in match.constants.items():
        lines.append(f"      {constant}: {json.dumps(value)}  # guess: {match.reasons[constant]}")
    lines += _words(match, group.frame)
    unused = [_quoted(each) for each in group.frame.columns if each not in match.columns]
    if unused:
        lines.append(f"    # not used: {', '.join(unused)}")
    return "\n".join(lines) + "\n"


def _words(match: Match, frame: pl.DataFrame) -> list[str]:
    """Return lines for the words of enumerated columns, those without a known meaning as comments."""
    lines: list[str] = []
    for ours in CONTRACTS[match.feed].enumerated():
        theirs, known = match.theirs(ours), vocabulary().get((match.feed, ours), ())
        if theirs is None:
            continue
        words = [
            word for word in frame[theirs].str.strip_chars().unique().drop_nulls().sort() if word not in known and word
        ]
        meant = {word: _meaning(word, known) for word in words[:MOST_WORDS]}
        if not meant:
            continue
        has_meaning = any(meant.values())
        lines += ["    words:" if has_meaning else "    # words:", f"    {'' if has_meaning else '# '}  {ours}:"]
        for word, meaning in meant.items():
            choices = ", ".join(known)
            shown = f"{_quoted(word)}: {meaning}  # guess" if meaning else f"# {_quoted(word)}:  # one of {choices}"
            lines.append(f"        {shown}" if has_meaning else f"    #     {shown.removeprefix('# ')}")
    return lines


def _meaning(word: str, known: Sequence[str]) -> str | None:
    letters = re.sub(r"[^a-z]", "", word.lower())
    return next((ours for ours, words in OUR_WORDS.items() if letters in words.split() and ours in known), None)


def _quoted(text: str) -> str:
    return text if PLAIN.match(text) and text.lower() not in RESERVED else json.dumps(text, ensure_ascii=False)


def _path(paths: Sequence[Path], base: Path) -> str:
    """Return one path, or a pattern that matches exactly these files, or a list of them."""
    shown = [Path(os.path.relpath(path, base)).as_posix() for path in paths]
    if len(shown) == 1:
        return _quoted(shown[0])
    start = os.path.commonprefix([path.name for path in paths])
    pattern = f"{start}*{paths[0].suffix}"
    if set(paths[0].parent.glob(pattern)) == set(paths):
        return _quoted(Path(os.path.relpath(paths[0].parent / pattern, base)).as_posix())
    return "[" + ", ".join(_quoted(each) for each in shown) + "]"
