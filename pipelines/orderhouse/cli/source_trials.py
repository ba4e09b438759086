"""Print of a dry run of sources: files, rows, broken rules, words, keys, sums and the next step.

The dry run belongs to `orderhouse.ingest.trial`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from orderhouse.cli.session import console, counted, grid

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

    from orderhouse.ingest.trial import FeedTrial, SourceTrial
    from orderhouse.ingest.trial_keys import KeyFindings
    from orderhouse.sources.config.declaration import Source, SourcesFile

__all__ = ["next_step", "notes_on_money", "notes_on_serves", "print_trial"]

# Wide enough for an instant; a longer value is folded.
VALUE_WIDTH = 21
PLAIN_WORD = re.compile(r"^[A-Za-z_][A-Za-z0-9_./-]*$")


def print_trial(trial: SourceTrial, source: Source, *, rows: bool) -> None:
    """Print the result of one source, with its first rows if `rows` is set."""
    console.print(f"[bold]{trial.source}[/bold]")
    for note in trial.notes:
        console.print(f"  {note}", markup=False, style="yellow", soft_wrap=True)
    for remark in trial.remarks:
        console.print(f"  {remark}", markup=False, soft_wrap=True)
    for kind, number in trial.kinds.most_common():
        console.print(f"  {counted(number, 'file')}: {kind}", markup=False, soft_wrap=True)
    if trial.ignored:
        console.print(f"  not used: {', '.join(trial.ignored)}", markup=False, style="dim", soft_wrap=True)
    for feed, found in trial.feeds.items():
        _print_feed(feed, found, source)
        if rows and found.sample.height:
            for table in _tables(_filled(found.sample), console.width):
                console.print(table)
                console.print()


def notes_on_money(trials: Sequence[SourceTrial], declared: SourcesFile) -> Iterator[str]:
    """Yield notes on a merchant that is not declared, and on currencies without rates."""
    currencies = sorted({each for trial in trials for found in trial.feeds.values() for each in found.currencies})
    reported = declared.merchant.reporting_currency
    if reported is None and currencies:
        example = f"{{business_time_zone: Europe/Berlin, reporting_currency: {currencies[0]}}}"
        yield (
            f"{declared.path.name} states no reporting currency. Without one, the currency that all orders share "
            f"counts, and days are those of {declared.merchant.business_time_zone}. To state both: `merchant: "
            f"{example}`."
        )
    wanted = {*currencies, *([reported] if reported else [])}
    gives_rates = any("fx_rates" in {source.feed, *(source.covers or ())} for source in declared.sources.values())
    gives_rates |= any(source.format == "ecb_rates" for source in declared.sources.values())
    gives_rates |= any("fx_rates" in trial.feeds for trial in trials)
    if len(wanted) > 1 and not gives_rates:
        yield (
            f"Amounts are in {', '.join(sorted(wanted))}, and no source gives fx_rates: amounts in the reporting "
            "currency would be missing. Add a source of rates, such as `format: ecb_rates`."
        )


def next_step(trials: Sequence[SourceTrial], sources_file: Path) -> str:
    """Return the next step, by what was found."""
    if any(trial.notes for trial in trials):
        return f"Correct {sources_file}, or the files named above, and check again."
    if any(found.keys.conflicts for trial in trials for found in trial.feeds.values()):
        return "Rows that share a key do not all count. Make ids of more columns with `ids`, or go on: orderhouse run"
    if any(found.quarantined for trial in trials for found in trial.feeds.values()):
        return "Rows with broken rules will go to quarantine, where you can repair them. Next: orderhouse run"
    return "Next: orderhouse run"


def notes_on_serves(trials: Sequence[SourceTrial], declared: Mapping[str, Source]) -> Iterator[str]:
    """Yield notes on sources without orders that cover the orders of several sources, since that may be a mistake."""
    with_orders = [trial.source for trial in trials if "orders" in trial.feeds]
    if len(with_orders) < 2:
        return
    for trial in trials:
        about_orders = [feed for feed in ("payments", "shipments", "tracking", "returns") if feed in trial.feeds]
        if about_orders and trial.source not in with_orders and not declared[trial.source].serves:
            yield (
                f"{trial.source} covers the {' and '.join(about_orders)} of {', '.join(with_orders)}. "
                "If it serves only some of them, name these with `serves`."
            )


def _print_feed(feed: str, found: FeedTrial, source: Source) -> None:
    quarantined = found.quarantined.total()
    console.print(
        f"  {feed}: {counted(found.rows_in, 'row')}, {found.accepted:,} accepted, {quarantined:,} to quarantine"
    )
    _print_keys(found.keys)
    for rules, count in found.quarantined.most_common():
        console.print(
            f"    {counted(count, 'row')}: {found.examples[rules]} ({', '.join(found.places[rules])})",
            markup=False,
            style="red",
            soft_wrap=True,
        )
    if found.tokenised_ids:
        console.print(
            f"    customer_id of {counted(found.tokenised_ids, 'row')} is an e-mail address or a telephone number. It "
            "is kept in the vault, and tables hold its token. If these ids identify nobody, set "
            "`personal_values: allow`.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    unknown = dict(_unknown_words(feed, found, source))
    for column, words in unknown.items():
        listed = ", ".join(f"{word!r} ({n:,})" for word, n in sorted(words.items()))
        console.print(f"    {column}: unmapped words {listed}", markup=False, style="yellow", soft_wrap=True)
    if unknown:
        console.print(f"    Paste this into source {source.name}, and write one of our words after each word:")
        console.print(_snippet(feed, unknown), markup=False, highlight=False, soft_wrap=True)
    if found.ignored_columns:
        console.print(f"    not used: {', '.join(found.ignored_columns)}", markup=False, style="dim", soft_wrap=True)


def _print_keys(keys: KeyFindings) -> None:
    sums = _amounts(keys.sums)
    if sums:
        console.print(f"    {sums}", markup=False, soft_wrap=True)
    if keys.duplicates:
        console.print(
            f"    {counted(keys.duplicates, 'row')} the same as an earlier one: counted once.", soft_wrap=True
        )
    if not keys.conflicts:
        return
    stake = _amounts(keys.at_stake)
    console.print(
        f"    {counted(keys.conflicts, 'key')} with {keys.conflicting:,} different contents ({', '.join(keys.places)}):"
        f" one content per key would count{', of ' + stake if stake else ''}, and each key raise an exception.",
        markup=False,
        style="red",
        soft_wrap=True,
    )


def _amounts(sums: Mapping[tuple[str, str], Decimal]) -> str:
    """Return sums as a list, each with its column and currency, without zeros at the end beyond the cents."""
    return ", ".join(f"{name} {_cents(value)} {currency}".rstrip() for (name, currency), value in sums.items())


def _cents(value: Decimal) -> str:
    whole = value.quantize(Decimal("0.01"))
    return f"{whole if whole == value else value.normalize():,f}"


def _filled(sample: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that have a value in some row."""
    return sample.select(column for column in sample.columns if sample[column].null_count() < sample.height)


def _tables(sample: pl.DataFrame, width: int) -> Iterator[Table]:
    """Yield one table of all rows; if a row is wider than the terminal, tables with one column per row instead."""
    whole = grid(None, sample.columns, sample.iter_rows())
    if console.measure(whole).maximum < width:
        yield whole
        return
    names = [name for name in sample.columns if name != "_record"]
    rows_per_table = max(1, (width - max(map(len, names))) // VALUE_WIDTH)
    for rows in sample.iter_slices(rows_per_table):
        headings = [f"record {record}" for record in rows["_record"]]
        values = rows.select(names)
        yield grid(None, ("", *headings), ((name, *values[name]) for name in names))


def _snippet(feed: str, unknown: dict[str, dict[str, int]]) -> str:
    """Return lines for the sources file, one per unmapped word, with our words for the column in a comment."""
    from orderhouse.contracts.vocabulary import vocabulary

    lines = ["    words:"]
    for column, words in unknown.items():
        lines += [f"      {feed}.{column}:  # {', '.join(vocabulary()[feed, column])}"]
        lines += [f"        {word if PLAIN_WORD.match(word) else json.dumps(word)}:" for word in sorted(words)]
    return "\n".join(lines)


def _unknown_words(feed: str, found: FeedTrial, source: Source) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield the unmapped words of each column with their number: words in no vocabulary of source, format or ours."""
    from orderhouse.contracts.vocabulary import format_vocabulary, vocabulary

    for column, counts in found.words.items():
        ours = vocabulary().get((feed, column))
        if ours is None:
            continue
        theirs = {word.lower() for key in (column, f"{feed}.{column}") for word in source.words.get(key, {})}
        theirs |= {*ours, *(word for *place, word in format_vocabulary(source.format) if place == [feed, column])}
        unknown = {word: n for word, n in counts.items() if word.lower() not in theirs}
        if unknown:
            yield column, unknown
