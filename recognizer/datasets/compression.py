"""A table's bytes, however it comes: a path, a file or a pipe; as it is, gzipped or in a zip."""

import gzip
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from recognizer.datasets import locations
from recognizer.errors import DataError, RecognizerError, reason

Source = str | Path | IO[bytes]
Share = Callable[[], float | None]

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"  # how such files begin
MAGIC = len(ZIP)
HEAD = 1024  # bytes by which a file's kind is recognised
MEMBER = GZIP + b"\x08"  # how each part of a gzip file begins; one of them is usual
MEMBERS, SMALLEST = 1_000, 64  # parts that there may be, and more for every so many bytes
LISTED = 6 * 2**20  # bytes of a zip's list of files: MNIST's 70,000 pictures, then 70 MB
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)  # LZMA may ask for 4 GB
EXPECTED = "expected a table of digits, as it is, gzipped or in a zip"
_DAMAGE = (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error)  # as packers raise


@contextmanager
def unpacked(source: Source, member: str) -> Iterator[IO[bytes]]:
    """Open a table by what its first bytes are, whatever its name says.

    Args:
        source: a file's path or address, or an open binary file, which stays open; a pipe is one.
        member: of a zip, the file to read: in any folder of it; without one, its only CSV.

    Yields:
        Its lines.
    """
    with _binary(source) as (file, _), _peeled(file, member) as lines:
        yield lines


@dataclass(frozen=True)
class Opened:
    """A file that was looked into, at its start.

    Attributes:
        name: what people know it by.
        file: its bytes, unpacked where it is gzipped.
        head: the first of them.
        share: returns which share of the file was read, or None of a pipe.
        archive: the zip that it is; None where it is none.
    """

    name: str
    file: IO[bytes]
    head: bytes
    share: Share
    archive: zipfile.ZipFile | None = None


@contextmanager
def opened(source: Source) -> Iterator[Opened]:
    """Open a file of any kind by what its first bytes are, whatever its name says.

    Args:
        source: a file's path or address, or an open binary file, which stays open; a pipe is one.
    """
    known = name(source)
    with _binary(source) as (file, size), ExitStack() as stack:

        def share() -> float | None:
            return min(1.0, file.tell() / size) if size else None

        head, whole = _looked_at(file)
        if head.startswith(GZIP):
            whole = stack.enter_context(gzip.open(_FewMembers(whole)))
            head = _read(whole, HEAD)
            whole = io.BufferedReader(_Rewound(head, whole))
        if head.startswith(ZIP):
            on_disk = stack.enter_context(_spooled(whole))
            archive = stack.enter_context(zipfile.ZipFile(_Sparing(on_disk)))
            yield Opened(known, on_disk, head, share, archive)
        else:
            yield Opened(known, whole, head, share)


@contextmanager
def member(archive: zipfile.ZipFile, found: str) -> Iterator[tuple[IO[bytes], bytes, Share]]:
    """Open a file of a zip, unpacked once more where it is gzipped.

    Yields:
        Its bytes from their start, the first of them, and its share.

    Raises:
        DataError: it is packed by a method that may take any memory.
    """
    with ExitStack() as stack:
        facts = archive.getinfo(found)
        if facts.compress_type not in METHODS:
            raise DataError(
                f"The zip packs its files by method {facts.compress_type}, which may take any "
                "memory: pack them again in the usual way, Deflate."
            )
        packed = stack.enter_context(archive.open(facts.filename))
        head, file = _read(packed, HEAD), packed
        if head.startswith(GZIP):
            file = stack.enter_context(gzip.open(_FewMembers(_Rewound(head, packed))))
            head = _read(file, HEAD)
        # a buffered readline keeps to its limit, that of the zip's file does not
        whole = io.BufferedReader(_Rewound(head, file))
        yield whole, head, lambda: min(1.0, packed.tell() / max(1, facts.file_size))


def _looked_at(file: IO[bytes]) -> tuple[bytes, IO[bytes]]:
    """Return the first bytes of a file, and the file at its start."""
    head = _read(file, HEAD)
    if file.seekable():
        file.seek(0)
        return head, file
    return head, io.BufferedReader(_Rewound(head, file))


def _read(file: IO[bytes], length: int) -> bytes:
    """Read so many bytes, or all; a pipe may give them little by little."""
    content = b""
    while len(content) < length and (more := file.read(length - len(content))):
        content += more
    return content


@contextmanager
def as_data_error(source: Source) -> Iterator[None]:
    """Raise a DataError of one sentence where a file cannot be read.

    Raises:
        DataError: instead of what file systems and packers raise.
    """
    try:
        yield
    except RecognizerError:
        raise
    except Exception as error:  # gzip and zipfile raise many kinds for damaged files
        raise damaged(source, error) from error


def damaged(source: Source, error: BaseException) -> DataError:
    """Return that a file cannot be read, in one sentence."""
    known = name(source)
    if isinstance(error, RuntimeError) and "encrypted" in str(error):  # as zipfile says it
        return DataError("The file is protected by a password: unpack it and give its table.")
    if isinstance(error, _DAMAGE):
        return DataError(
            f"The file is damaged or cut short ({reason(error)}): download or copy it again."
        )
    if isinstance(error, OSError):
        return DataError(f"Cannot read {known} ({reason(error)}): check its path and permissions.")
    return DataError(
        f"Cannot read {known} ({reason(error)}): {EXPECTED}; if it is damaged, download it again."
    )


def name(source: Source) -> str:
    """Return what people know a file by."""
    known = source if is_named(source) else getattr(source, "name", None)
    return Path(known).name if is_named(known) else "the file"


def is_named(source: object) -> bool:
    """Whether it is a path or an address, and no open file."""
    return isinstance(source, str | Path)


@contextmanager
def _binary(source: Source) -> Iterator[tuple[IO[bytes], int | None]]:
    """Yield an open file at its start, and its size; None for what cannot seek."""
    with locations.open_binary(source) if is_named(source) else nullcontext(source) as file:
        size = file.seek(0, io.SEEK_END) if file.seekable() else None
        if size is not None:
            file.seek(0)
        yield file, size


@contextmanager
def _peeled(file: IO[bytes], member: str) -> Iterator[IO[bytes]]:
    """Yield the lines, unpacked."""
    magic = file.read(MAGIC)
    if file.seekable():
        file.seek(0)
    else:
        file = io.BufferedReader(_Rewound(magic, file))
    if magic.startswith(GZIP):
        with gzip.open(_FewMembers(file)) as lines:
            yield lines
    elif magic == ZIP:
        with _spooled(file) as whole, zipfile.ZipFile(_Sparing(whole)) as archive:
            found = archive.getinfo(table_in(archive, member))
            if found.compress_type not in METHODS:
                raise DataError(
                    f"The zip packs its files by method {found.compress_type}, which may take any "
                    "memory: pack the CSV again in the usual way, Deflate."
                )
            with archive.open(found.filename) as lines:
                # a buffered readline keeps to its limit, that of `lines` does not
                yield io.BufferedReader(lines)
    else:
        yield file


class _Rewound(io.RawIOBase):
    """A pipe from its start, after its first bytes were looked at."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        taken = self._head[: len(buffer)] or self._rest.read(len(buffer))
        buffer[: len(taken)] = taken
        self._head = self._head[len(taken) :]
        return len(taken)


class _FewMembers:
    """A gzip file that is not made of empty parts alone: a million take seconds, and hold nothing.

    bgzip and others write many parts of 64 KB, of which the smallest take 100 bytes.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = io.BufferedReader(file) if isinstance(file, io.RawIOBase) else file
        self._members, self._bytes, self._last = 0, 0, b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        seen = self._last + content  # gzip reads as little as 20 bytes, across beginnings
        self._members += seen.count(MEMBER)
        self._last = seen[1 - len(MEMBER) :]
        self._bytes += len(content)
        if self._members > MEMBERS + self._bytes // SMALLEST:
            raise gzip.BadGzipFile("it is made of very many parts that hold next to nothing")
        return content


class _Sparing:
    """A zip of which not much is read at once: its list of files is, whatever its length."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self._file = file

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(min(size, LISTED + 1) if size >= 0 else LISTED + 1)
        if len(content) > LISTED:
            raise zipfile.BadZipFile("its list of files is too long")
        return content


@contextmanager
def _spooled(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Put a piped zip on the disk: its list of files stands at its end."""
    if file.seekable():
        yield file
        return
    with tempfile.TemporaryFile() as whole:
        shutil.copyfileobj(file, whole)
        yield whole


def table_in(archive: zipfile.ZipFile, name: str) -> str:
    """Return the table to read: the one of this name, in whatever folder, or else the only CSV.

    Raises:
        DataError: there is none, or nobody can tell which.
    """
    inside = {one.filename: PurePosixPath(one.filename) for one in archive.infolist()}
    tables = [  # macOS puts a ._test.csv beside each test.csv
        one
        for one, path in inside.items()
        if path.suffix.lower() == ".csv" and not path.name.startswith(".") and one[-1] != "/"
    ]
    named = [name] if name in inside else [one for one in tables if inside[one].name == name]
    found = named or tables
    if len(found) == 1:
        return found[0]
    problem = f"more than one {name}:" if named else f"no {name}, only"
    listed = ", ".join((named or [*inside])[:5]) or "nothing"
    raise DataError(f"The zip holds {problem} {listed}. Unpack it and give the CSV that is meant.")
