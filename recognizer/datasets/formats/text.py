"""How the text of a table is written: encoding, separators, header, and what its columns hold."""

import codecs
from collections.abc import Sequence
from dataclasses import replace
from typing import IO, Protocol

from recognizer.datasets.formats import columns
from recognizer.datasets.formats.dialect import TEST, TRAIN, Dialect
from recognizer.records import PIXELS

MAX_LINE = 64 * 1024  # bytes; Kaggle's header has 7,765
UTF8_BOM = b"\xef\xbb\xbf"
_ROWS, _BYTES = 64, 512 * 1024  # looked at, at most, to tell what columns hold
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}  # the likeliest last
_ENCODINGS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_PIXEL_NAMES = tuple(f"pixel{i}" for i in range(PIXELS))
KAGGLE = {  # the header's own columns: this goes straight on
    ",".join(("label", *_PIXEL_NAMES)).encode(): TRAIN,
    ",".join(_PIXEL_NAMES).encode(): TEST,
}


class Lines(Protocol):
    """What lines are read from: a file, or a part of one."""

    def readline(self, limit: int) -> bytes:
        """Return the next line, of at most so many bytes."""


class Replayed:
    """Lines that were read already, and then those that follow."""

    def __init__(self, read: list[bytes], rest: Lines) -> None:
        self._read, self._rest = read[::-1], rest

    def readline(self, limit: int) -> bytes:
        """Return the next line."""
        return self._read.pop() if self._read else self._rest.readline(limit)


class Recoded:
    """Text of another encoding, or with the line ends of old Macs, as lines of UTF-8."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file, self._pending = file, ""
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def readline(self, limit: int) -> bytes:
        """Return the next line, of at most so many characters."""
        while True:
            text = self._pending
            end = text.find("\n", 0, limit) + 1
            if end or len(text) >= limit:
                break
            if not (chunk := self._file.read(MAX_LINE)):
                end = len(text)
                break
            decoded = self._decoder.decode(chunk).replace("\r\n", "\n").replace("\r", "\n")
            self._pending = text + decoded
        end = end or limit
        self._pending = text[end:]
        return text[:end].encode()[:limit]


def recognize(head: bytes, file: IO[bytes]) -> tuple[Dialect, Lines]:
    """Return how a text is written, and its rows.

    Args:
        head: the first bytes of the file.
        file: at its start.

    Raises:
        DataError: it is no table of digits.
    """
    encoding, ends = encoding_of(head), "\n"
    lines: Lines = file if encoding == "utf-8" else Recoded(file, encoding)
    first = lines.readline(MAX_LINE).removeprefix(UTF8_BOM).lstrip("\ufeff".encode())
    if encoding == "utf-8" and b"\r" in first.rstrip(b"\r\n"):
        lines, ends = Recoded(Joined(first, file), "utf-8"), "\r"
        first = lines.readline(MAX_LINE)
    dialect = KAGGLE.get(first.strip())
    if dialect and encoding == "utf-8" and ends == "\n":
        row = lines.readline(MAX_LINE)
        if not row or row.count(b",") + 1 == dialect.columns:
            return dialect, Replayed([row], lines)
        return _recognized([first, row], lines, encoding)
    dialect, rows = _recognized([first], lines, encoding)
    return replace(dialect, ends=ends), rows


class Joined:
    """Bytes that were read already, and then the file that follows."""

    def __init__(self, read: bytes, rest: IO[bytes]) -> None:
        self._read, self._rest = read, rest

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        read, self._read = self._read, b""
        return read or self._rest.read(size)


def encoding_of(head: bytes) -> str:
    """Return the encoding of a text by its first bytes."""
    for mark, encoding in _ENCODINGS.items():
        if head.startswith(mark):
            return encoding
    if len(head) >= 8 and not any(head[1:64:2]) and all(head[0:64:2]):
        return "utf-16-le"
    if len(head) >= 8 and not any(head[0:64:2]) and all(head[1:64:2]):
        return "utf-16-be"
    return "utf-8"


def _recognized(read: list[bytes], lines: Lines, encoding: str) -> tuple[Dialect, Lines]:
    first, header, notes = read[0], 1, []
    if first.strip().lower().strip(b'"').startswith(b"sep=") and len(first.strip()) <= 7:
        header, first = 2, lines.readline(MAX_LINE)
    elif len(read) > 1:
        lines = Replayed(read[1:], lines)
    rows = _few(lines)
    delimiter = _delimiter(first)
    names = split(first, delimiter)
    body = [split(row, delimiter) for row in rows if row.strip()]
    if _is_header(names):
        notes, found, count = _headed(names, body)
    else:
        header, rows, notes = header - 1, [first, *rows], ["no header"]
        body, count, more = _trimmed([names, *body])
        found, notes = columns.by_values(body, count), notes + more
        count = len(names)
    if encoding != "utf-8":
        notes.insert(0, "the text is UTF-16")
    if delimiter != ",":
        notes.insert(0, f"{_DELIMITERS.get(delimiter, 'blanks')} between the cells")
    decimal = "," if delimiter != "," and any(b"," in row for row in rows) else "."
    dialect = Dialect(
        delimiter=delimiter,
        encoding=encoding,
        decimal=decimal,
        header=header,
        columns=count,
        label=found.label,
        pixels=found.pixels,
        side=found.side,
    )
    return dialect.noting(_joined(notes, found.notes)), Replayed(rows, lines)


def _few(lines: Lines) -> list[bytes]:
    """Return the first lines of a text."""
    rows, size = [], 0
    while len(rows) < _ROWS and size < _BYTES and (line := lines.readline(MAX_LINE)):
        rows.append(line)
        size += len(line)
        if len(line) == MAX_LINE:
            break
    return rows


def _joined(notes: list[str], more: Sequence[str]) -> str:
    """Put the parts together: what was taken for what follows on that there is no header."""
    parts = [part for part in (*notes, *more) if part]
    if "no header" in parts:
        at = parts.index("no header")
        parts[at : at + 2] = [": ".join(parts[at : at + 2])]
    return "; ".join(parts)


def _headed(names: list[str], body: list[list[str]]) -> tuple[list[str], columns.Columns, int]:
    """Return notes, what columns hold, and cells a row, of a table whose first line names them."""
    count = len(names)
    longer = bool(body) and all(len(row) == count + 1 for row in body)
    if longer and all(not row[-1] for row in body):
        found = columns.by_names(names, [row[:-1] for row in body])
        return ["a comma too many at the end of each row"], found, count + 1
    if longer and len(body) > 1 and columns.is_index([row[0] for row in body]):
        # as R writes the names of rows, without a name for their column
        found = columns.by_names(names, [row[1:] for row in body])
        label = None if found.label is None else found.label + 1
        pixels = tuple(column + 1 for column in found.pixels)
        note = "the names of the rows are left out"
        return [note], columns.Columns(label, pixels, found.notes), count + 1
    return [], columns.by_names(names, [row for row in body if len(row) == count]), count


def _trimmed(body: list[list[str]]) -> tuple[list[list[str]], int, list[str]]:
    """Return rows without an empty last cell, how many cells they have, and a note of it."""
    count = len(body[0])
    rows = [row for row in body if len(row) == count and any(row)]
    if count > 1 and rows and not any(row[-1] for row in rows):
        return [row[:-1] for row in rows], count - 1, ["a comma too many at the end of each row"]
    if count < 3 or not rows:
        raise columns.refused(body[0])
    return rows, count, []


def _delimiter(line: bytes) -> str:
    """Return what stands between the cells of a line."""
    counts = {sign: line.count(sign.encode()) for sign in _DELIMITERS}
    least = columns.SIDES[0] ** 2 - 1
    for sign, count in counts.items():
        if count >= least:
            return sign
    return (
        " "
        if len(line.split()) > least
        else max(counts, key=lambda sign: (counts[sign], sign == ","))
    )


def split(line: bytes, delimiter: str) -> list[str]:
    """Return the cells of a line, without quotation marks and blanks around them."""
    text = line.decode("utf-8", "replace").strip("\r\n")
    cells = text.split() if delimiter == " " else text.split(delimiter)
    return [cell.strip().strip('"').strip() for cell in cells]


def _is_header(names: list[str]) -> bool:
    """Whether a first line holds names, or the numbers of columns in their order."""
    if len(names) < columns.SIDES[0] ** 2:
        return True  # no row of an image: refused by its names
    words = [name for name in names if name and not _is_number(name)]
    if words:
        return len(words) > 2 or any(word.lower() in columns.LABEL_NAMES for word in words)
    whole = [name for name in names if name.isdigit()]
    return len(whole) >= len(names) - 1 and [int(n[:6]) for n in whole] in (
        list(range(len(whole))),
        list(range(1, len(whole) + 1)),
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell.strip("'").replace(",", "."))
    except ValueError:
        return False
    return True
