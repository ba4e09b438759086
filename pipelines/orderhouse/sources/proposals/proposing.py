"""A proposed sources file for files that nobody has declared: known formats first, then guessed mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orderhouse.errors import listed
from orderhouse.sources.proposals.known import known_bundles, known_format
from orderhouse.sources.proposals.matching import Match, best_match, match
from orderhouse.sources.proposals.samples import Group, files_in, grouped
from orderhouse.sources.proposals.values import Written, written
from orderhouse.sources.proposals.writing import file_text, known_text, mapped_text, source_name, unknown_text

__all__ = ["Proposed", "proposed"]

NOT_FOUND = "Its columns fit no feed well enough. docs/adding_a_source.md shows how to write the mapping"


@dataclass(frozen=True)
class Proposed:
    """A proposed sources file.

    Attributes:
        text: Its text.
        sources: Number of its sources.
        left: Files for which nothing is proposed, with the reason of each.
    """

    text: str
    sources: int
    left: tuple[tuple[Path, str], ...]


def proposed(places: Sequence[Path], base: Path, zone: str, currency: str | None) -> Proposed:
    """Return a sources file for these files.

    Args:
        places: Files and folders.
        base: Folder in which the sources file will be.
        zone: Zone of business days and of local times.
        currency: Currency of amounts whose file names none.

    Raises:
        OrderhouseError: A place does not exist or has no files.
    """
    proposal = _Proposal(base, zone, currency)
    sources = list(proposal.sources(files_in(places)))
    common = next(iter(proposal.currencies)) if len(proposal.currencies) == 1 else None
    return Proposed(file_text(zone, currency or common, sources), proposal.count, tuple(proposal.left))


class _Proposal:
    def __init__(self, base: Path, zone: str, currency: str | None) -> None:
        self._base, self._zone, self._currency = base, zone, currency
        self._taken: set[str] = set()
        self.currencies: set[str] = set()
        self.left: list[tuple[Path, str]] = []

    @property
    def count(self) -> int:
        """Return the number of sources so far."""
        return len(self._taken)

    def sources(self, paths: Sequence[Path]) -> Iterator[str]:
        """Yield the text of each source."""
        bundles = known_bundles(paths)
        for format_name, files in bundles:
            yield known_text(self._name([Path(format_name)]), format_name, files, self._base)
        rest = [path for path in paths if not any(path in files for _, files in bundles)]
        matched: list[tuple[Group, Match, dict[str, Written]]] = []
        for group in grouped(rest):
            if isinstance(group, tuple):
                path, reason = group
                yield self._single(path) or self._unknown([path], reason)
                continue
            format_name_found = known_format(group.paths[0])
            if format_name_found:
                yield known_text(self._name(group.paths), format_name_found, group.paths, self._base)
                continue
            how = {name: written(group.frame[name]) for name in group.frame.columns}
            found = best_match(group.paths[0].stem, group.frame, how, self._currency)
            if found is None:
                yield self._unknown(group.paths, f"{NOT_FOUND}.", _skeleton(group, how))
            else:
                matched.append((group, found, how))
        yield from self._mapped(matched)

    def _mapped(self, matched: Sequence[tuple[Group, Match, dict[str, Written]]]) -> Iterator[str]:
        """Yield the mapped sources; orders come from the file of their lines if no other file has them."""
        has_orders = any(found.feed == "orders" for _, found, _ in matched)
        for group, found, how in matched:
            yield self._text(group, found, how, "")
            if found.feed == "order_lines" and not has_orders:
                orders = match("orders", group.paths[0].stem, group.frame, how, self._currency)
                if orders is not None:
                    yield self._text(group, orders, how, "_orders")

    def _text(self, group: Group, found: Match, how: Mapping[str, Written], suffix: str) -> str:
        name = self._name(group.paths, suffix)
        self.currencies |= {found.constants["currency"]} if "currency" in found.constants else set()
        return mapped_text(name, group, found, how, self._zone, self._base, _guesses(found, how))

    def _single(self, path: Path) -> str | None:
        found = known_format(path)
        return known_text(self._name([path]), found, [path], self._base) if found else None

    def _unknown(self, paths: Sequence[Path], reason: str, skeleton: str = "") -> str:
        self.left += [(path, reason) for path in paths]
        return unknown_text(paths, self._base, f"{reason}\n{skeleton}")

    def _name(self, paths: Sequence[Path], suffix: str = "") -> str:
        name = source_name(paths, self._taken, suffix)
        self._taken.add(name)
        return name


def _guesses(found: Match, how: Mapping[str, Written]) -> dict[str, str]:
    """Return the keys that say how values are written, each with its value and a comment."""
    used = [how[theirs] for theirs in found.columns]
    keys: dict[str, str] = {}
    forms = {each.form: each.other_form for each in used if each.form}
    if forms:
        unsure = [f"{other} would fit as well" for other in forms.values() if other]
        shown = ", ".join(f'"{form}"' for form in forms)
        keys["dates"] = (shown if len(forms) == 1 else f"[{shown}]") + (f"  # guess: {unsure[0]}" if unsure else "")
    if any(each.decimal for each in used):
        keys["decimal"] = '","'
    if any(each.has_tail for each in used):
        keys["decimals"] = "2  # guess: amounts have the tails of floats; the check says how much rounding changes"
    return keys


def _skeleton(group: Group, how: Mapping[str, Written]) -> str:
    """Return the lines of a source to fill in, with what each column has."""
    kinds = [f"{name}: {each.kind}{', unique' if each.is_unique else ''}" for name, each in how.items()]
    columns = f"[{', '.join('_' for _ in kinds)}]" if "header" in group.keys else "{}"
    keys = "".join(f"\n  {key}: {value}" for key, value in group.keys.items())
    return f"  format: canonical\n  feed:{keys}\n  columns: {columns}\n  (columns: {listed(kinds)})"
