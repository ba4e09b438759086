"""Description of a file from its own bytes: packing and kind, and of a CSV file delimiter, encoding and columns.

It is shown to people who try a source. Reading follows the same rules in the modules of each kind of file.
"""

from __future__ import annotations

from orderhouse.files.archives import ZIP_MAGIC, is_workbook, is_zip, only_member
from orderhouse.files.source_files import GZIP_MAGIC, ZSTD_MAGIC, SourceFile, unpacked_blocks
from orderhouse.sources.formats.format import WHITE_SPACE, Layout
from orderhouse.sources.readers.csv_text import CsvDialect, detect_dialect
from orderhouse.sources.readers.json_text import is_json_lines

__all__ = ["describe_kind"]

HEAD_BYTES = 1 << 16
DELIMITER_NAMES = {"\t": "tab"}


def describe_kind(source: Layout, file: SourceFile) -> str:
    """Return the kind of a file as a phrase, such as ``CSV, gzip, utf-8, delimiter ';', 6 columns``.

    Raises:
        FileRejected: The file cannot be read, or is not in its encoding.
        FileVanished: The file no longer exists.
    """
    if is_zip(file):
        if is_workbook(file):
            return f"Excel workbook, {f'sheet {source.sheet}' if source.sheet else 'first sheet'}"
        return f"{describe_kind(source, only_member(file))}, in a zip file"
    packing = _packing(file)
    head = next(unpacked_blocks(file, HEAD_BYTES), b"")
    if not head.strip():
        return "empty"
    if head[:4] == b"PAR1":
        return f"Parquet{packing}"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}:
        return f"{'JSON lines' if is_json_lines(head) else 'JSON'}{packing}"
    if source.widths or source.delimiter == WHITE_SPACE:
        return f"text{packing}, {f'{len(source.widths)} fields of fixed widths' if source.widths else 'white space'}"
    found = detect_dialect(file, CsvDialect(source.delimiter, source.encoding, None if source.header else [""]))
    delimiter = DELIMITER_NAMES.get(found.delimiter, repr(found.delimiter))
    header = f"{len(found.names)} columns" if source.header else "no header"
    how = "declared" if source.delimiter else "found out"
    return f"CSV{packing}, {found.encoding}, delimiter {delimiter} ({how}), {header}"


def _packing(file: SourceFile) -> str:
    with file.open() as stream:
        head = stream.read(4)
    if head == ZIP_MAGIC:
        return ", zip"
    return ", gzip" if head[:2] == GZIP_MAGIC else ", zstd" if head == ZSTD_MAGIC else ""
