"""The file itself: what a backup holds, and how it is read and found whole."""

import hashlib
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from recognizer.errors import StorageError, newer_version_error, reason

FORMAT = 1  # raised when an older app could no longer restore it
MANIFEST = "manifest.json"
PIECE = 1_000_000  # bytes read at once
MOST_FILES = 1_000_000
DAMAGE = (  # as zipfile and the packers below it raise while they read a damaged file
    *(zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError),
    *(zlib.error, lzma.LZMAError, OSError, ValueError),
)


@dataclass(frozen=True)
class Backup:
    """What a backup holds.

    Attributes:
        created: day and time in UTC, ISO 8601.
        files: the SHA-256 of each file, by its path from RECOGNIZER_HOME.
        size: bytes of them all, unpacked.
    """

    created: str
    files: dict[str, str]
    size: int


def check(source: Path) -> Backup:
    """Read a backup whole, and compare each file with its hash.

    Raises:
        StorageError: it is damaged, none of ours, or of a newer format.
    """
    with opened(source) as (archive, backup):
        for name, content in backup.files.items():
            for _ in pieces(archive, name, content, source):
                pass
    return backup


@contextmanager
def opened(source: Path) -> Iterator[tuple[zipfile.ZipFile, Backup]]:
    """Open a backup, and read what it says that it holds."""
    try:
        archive = zipfile.ZipFile(source)
    except DAMAGE as error:
        raise damaged(source, reason(error)) from error
    with archive:
        yield archive, _manifest(archive, source)


def _manifest(archive: zipfile.ZipFile, source: Path) -> Backup:
    try:
        content = archive.read(MANIFEST)
    except KeyError as error:
        raise damaged(source, f"it has no valid {MANIFEST}") from error
    except DAMAGE as error:
        raise damaged(source, f"{MANIFEST}: {reason(error)}") from error
    try:
        said: dict[str, Any] = json.loads(content)
        found = said["format"]
        if isinstance(found, int) and found > FORMAT:
            raise newer_version_error(source, found, FORMAT)
        backup = Backup(str(said["created"]), dict(said["files"]), int(said["size"]))
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise damaged(source, f"it has no valid {MANIFEST}") from error
    names = {one.filename for one in archive.infolist() if not one.is_dir()} - {MANIFEST}
    if names != set(backup.files) or len(names) > MOST_FILES:
        raise damaged(source, "its files are not those that it names")
    for name in names:
        parts = PurePosixPath(name).parts
        if name.startswith("/") or "\\" in name or ":" in name or {"..", "."} & {*parts}:
            raise damaged(source, f"{name[:60]!r} is no file of ours")
    return backup


def pieces(archive: zipfile.ZipFile, name: str, content: str, source: Path) -> Iterator[bytes]:
    """Yield a file piece by piece, and raise in the end where it has another hash."""
    digest = hashlib.sha256()
    try:
        with archive.open(name) as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                yield piece
    except DAMAGE as error:
        raise damaged(source, f"{name}: {reason(error)}") from error
    if digest.hexdigest() != content:
        raise damaged(source, f"{name} is not what was kept")


def damaged(source: Path, why: str) -> StorageError:
    """Return the error for a file that is no whole backup."""
    return StorageError(
        f"{source} is not a complete backup of this app ({why}): give another file."
    )
