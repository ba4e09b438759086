"""Redaction of retained originals: replace the values of erased people by marks that read as their tokens.

The values are found by the file's own format and recognised by their tokens, so that a redaction can be repeated at any
time. A redacted copy is used only if it reads exactly as the original did, token for token. Which originals are
redacted, replaced or dropped belongs to `suppression`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.parsing import cleaned
from orderhouse.files.source_files import FileRejected, FileVanished, SourceFile, unpacked
from orderhouse.ingest.personal_ids import CUSTOMER, with_tokens_for_ids
from orderhouse.ingest.prefixing import with_prefixes
from orderhouse.ingest.screening import PART, UNREADABLE, screen
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.readers.arrow_columns import UnusableColumn, usable
from orderhouse.sources.readers.json_text import is_json_lines, load_json
from orderhouse.vault.vault import ERASED, Vault

__all__ = ["redact"]

MARK = "\x00erased\x00"
UTF16 = (b"\xff\xfe", b"\xfe\xff")

Values = Mapping[str, str]


@dataclass
class _Read:
    """Rows that a format makes of files, by feed and file.

    Attributes:
        frames: Rows with tokens for personal values.
        malformed: Malformed records: record and rule.
        screened: Accepted rows, and record and rules of quarantined rows.
        values: Erased values as written in the files, with their tokens.
    """

    frames: dict[tuple[str | None, str], list[pl.DataFrame]] = field(default_factory=dict)
    malformed: dict[tuple[str | None, str], list[tuple[int, str]]] = field(default_factory=dict)
    screened: dict[tuple[str | None, str], list[tuple[pl.DataFrame, pl.DataFrame]]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def reads_as(self, other: _Read) -> bool:
        """Return True if both give the same rows, however the rows are divided into frames."""
        if self.malformed != other.malformed or self.frames.keys() != other.frames.keys():
            return False
        same = all(_joined(frames).equals(_joined(other.frames[place])) for place, frames in self.frames.items())
        return same and all(
            _joined([pair[part] for pair in pairs]).equals(_joined([pair[part] for pair in other.screened[place]]))
            for place, pairs in self.screened.items()
            for part in (0, 1)
        )


def redact(source: Source, files: Sequence[SourceFile], vault: Vault, erased: set[str]) -> dict[str, SourceFile] | None:
    """Return copies of the files of a unit without the values behind erased tokens.

    Args:
        source: The source, which reads the files.
        files: All files of the unit, as kept, with the patches of their records.
        vault: The vault, which computes tokens; the erased tokens must be suppressed already.
        erased: The erased tokens.

    Returns:
        The changed files by id, empty if nothing is to be changed; None if no copy reads as the original did.
    """
    try:
        before = _read(source, files, vault, erased)
        values = before.values
        if any(file.patches for file in files):  # the file still contains the values that a patch replaces
            as_received = [replace(file, patches=None) for file in files]
            values = _read(source, as_received, vault, erased).values | values
        if not values:
            return {}
        copies = [_copy(file, _redact_content(unpacked(file).getvalue(), source, values)) for file in files]
        after = _read(source, copies, vault, erased)
    except (FileRejected, FileVanished, ValueError, LookupError, RecursionError, pa.ArrowException):
        return None
    if after.values or not before.reads_as(after):
        return None
    return {copy.file_id: copy for copy in copies}


def _copy(file: SourceFile, content: bytes) -> SourceFile:
    return replace(file, opener=lambda: io.BytesIO(content))


def _read(source: Source, files: Sequence[SourceFile], vault: Vault, erased: set[str]) -> _Read:
    """Read, tokenise and screen files as an ingest does."""
    found = _Read()
    for rows in FORMATS[source.format].read(source, files):
        place = (rows.feed, rows.file.file_id)
        texts = pl.Series([each.text for each in rows.malformed], dtype=pl.String)
        found.values |= _to_erase(texts, _tokens(vault, UNREADABLE, texts), erased)
        found.malformed.setdefault(place, []).extend((each.record, each.rule) for each in rows.malformed)
        if rows.feed is not None:
            frame = _tokenised(cleaned(rows.frame), rows.feed, source, vault, erased, found.values)
            found.frames.setdefault(place, []).append(frame)
            found.screened.setdefault(place, []).append(_screened(source, rows, vault))
    vault.discard()
    return found


def _screened(source: Source, rows: FeedRows, vault: Vault) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the accepted rows, and record and rules of the quarantined rows, as an ingest would screen them."""
    outcome = screen(str(rows.feed), rows.frame.with_columns(pl.lit(0, pl.Int64).alias(PART)), source, vault)
    return outcome.accepted, outcome.quarantined.select("record", "rules")


def _tokenised(
    frame: pl.DataFrame, feed: str, source: Source, vault: Vault, erased: set[str], values: dict[str, str]
) -> pl.DataFrame:
    """Return the frame with tokens for personal values, and marks for erased values in other columns.

    The vault has a value from an id column with the id's prefix. Erased values are added to `values`.
    """
    personal, odd = CONTRACTS[feed].personal(), dict[str, str]()
    kept = with_prefixes(frame, source.id_prefixes(feed))
    for name in frame.columns:
        if name in personal:
            text = frame[name].cast(pl.String)
            tokens = _tokens(vault, personal[name], text)
            values |= _to_erase(text, tokens, erased)
            frame = frame.with_columns(tokens.alias(name))
        elif frame.schema[name] == pl.String:
            tokens = _tokens(vault, UNREADABLE, kept[name])
            odd |= _to_erase(frame[name], tokens, erased)
            is_erased = tokens.is_in(list(erased)).fill_null(False)
            shown = frame[name]
            if name == CUSTOMER and source.personal_values != "allow":
                shown = with_tokens_for_ids(frame, vault)[0][name]
                values |= _to_erase(frame[name], shown, erased)
            is_odd = is_erased & (shown == frame[name])
            frame = frame.with_columns(pl.when(is_odd).then(pl.lit(MARK)).otherwise(shown).alias(name))
    values |= {value: token for value, token in odd.items() if value not in values}
    return frame


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames, how="diagonal_relaxed")


def _tokens(vault: Vault, kind: str, values: pl.Series) -> pl.Series:
    distinct = values.drop_nulls().unique().to_frame("value")
    if not distinct.height:
        return pl.Series("token", [None] * values.len(), dtype=pl.String)
    tokens = vault.tokens_of(kind, distinct)
    return values.to_frame("value").join(tokens, on="value", how="left", maintain_order="left")["token"]


def _to_erase(values: pl.Series, tokens: pl.Series, erased: set[str]) -> dict[str, str]:
    found = pl.DataFrame({"value": values, "token": tokens}).filter(pl.col("token").is_in(list(erased))).unique()
    return {value: token for value, token in found.iter_rows() if not value.startswith(ERASED)}


def _redact_content(content: bytes, source: Source, values: Values) -> bytes:
    if content[:4] == b"PAR1":
        return _redact_parquet(content, values)
    if content[:4] == b"PK\x03\x04":
        return _redact_workbook(content, values)
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}:
        return _redact_json(content, values)
    encoding = source.encoding or ("utf-16" if content[:2] in UTF16 else "utf-8")
    return _redact_delimited(content.decode(encoding), source.delimiter, values).encode(encoding)


def _redact_delimited(text: str, delimiter: str | None, values: Values) -> str:
    """Replace values that are whole fields, quoted or not.

    A value that contains a delimiter or a line break, such as a malformed line, is replaced anywhere in the text.
    """
    forms: dict[str, str] = {}
    for value, token in values.items():
        if "\n" in value or (delimiter or ",") in value:
            text = text.replace(value, ERASED + token) if len(value) > len(ERASED) else text
        forms[value] = forms[value.replace('"', '""')] = ERASED + token
    edges = re.escape(',;\t|\n\r"' + (delimiter or ""))
    alternatives = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    pattern = re.compile(rf"(?:^|(?<=[{edges}]))( *)({alternatives})( *)(?=[{edges}]|$)")
    return pattern.sub(lambda found: found[1] + forms[found[2]] + found[3], text)


def _redact_json(content: bytes, values: Values) -> bytes:
    text = content.decode("utf-8-sig")
    if not is_json_lines(content):
        return json.dumps(_redact_value(load_json(text), values), ensure_ascii=False).encode()
    return "\n".join(_redact_line(line, values) for line in text.split("\n")).encode()


def _redact_line(line: str, values: Values) -> str:
    if line in values:
        return ERASED + values[line]
    try:
        return json.dumps(_redact_value(load_json(line), values), ensure_ascii=False)
    except (ValueError, RecursionError):
        return line


def _redact_value(value: Any, values: Values) -> Any:
    """Replace erased values in a JSON value; a list or an object may itself be an erased value.

    `load_json` gives numbers as text, and they are written as text; every reader accepts both.
    """
    if isinstance(value, str):
        token = values.get(value.strip())
        return ERASED + token if token else value
    if isinstance(value, dict | list):
        token = values.get(json.dumps(value, ensure_ascii=False))
        if token:
            return ERASED + token
        if isinstance(value, dict):
            parts = _marks_of_parts(value, values)
            return {name: parts.get(name) or _redact_value(part, values) for name, part in value.items()}
        return [_redact_value(part, values) for part in value]
    return value


def _marks_of_parts(record: Mapping[str, Any], values: Values) -> dict[str, str]:
    """Return marks for the fields of which an erased value is composed, such as a first and a last name."""
    found: dict[str, str] = {}
    texts = {name: part.strip() for name, part in record.items() if isinstance(part, str) and len(part.strip()) > 1}
    for value, token in values.items():
        names = [name for name, text in texts.items() if text != value and text not in values and text in value]
        rest = value
        for name in sorted(names, key=lambda each: len(texts[each]), reverse=True):
            rest = rest.replace(texts[name], "")
        if names and not re.search(r"\w", rest):
            found |= dict.fromkeys(names, ERASED + token)
    return found


def _redact_parquet(content: bytes, values: Values) -> bytes:
    table = pq.read_table(pa.BufferReader(content))
    marks = {value: ERASED + token for value, token in values.items()}
    for place, name in enumerate(table.column_names):
        text = _text_of(table.column(place))
        if text is not None:
            stripped = text.str.strip_chars()
            redacted = stripped.replace(marks).zip_with(stripped.is_in(list(marks)).fill_null(False), text)
            table = table.set_column(place, name, redacted.to_arrow(compat_level=pl.CompatLevel.oldest()))
    written = io.BytesIO()
    pq.write_table(table, written)
    return written.getvalue()


def _text_of(column: pa.ChunkedArray) -> pl.Series | None:
    """Return a column that is read as text; None if it is not."""
    try:
        values = pl.Series(usable(column.combine_chunks()))
    except UnusableColumn:
        return None
    return values if values.dtype == pl.String else None


def _redact_workbook(content: bytes, values: Values) -> bytes:
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    book = load_workbook(io.BytesIO(content))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                token = values.get(str(cell.value).strip()) if cell.value is not None else None
                if token:
                    cell.value = ERASED + token
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
