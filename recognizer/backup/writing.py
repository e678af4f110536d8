"""Write a backup, also while the app runs."""

import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from recognizer.backup.archive import DAMAGE, FORMAT, MANIFEST, PIECE, Backup
from recognizer.errors import SettingError
from recognizer.jobs import database
from recognizer.models import registry
from recognizer.system import atomic, home
from recognizer.system.sqlite import as_storage_error

ASIDE, UNPACKED = "before-restore-", ".restore-"  # begin the names of folders in RECOGNIZER_HOME
LEFT_OUT = {"checkpoint", "scratch"}  # folders of a training that is under way
BESIDE = ("-wal", "-shm", "-journal")  # of a database: what SQLite's backup has taken in
SQLITE = b"SQLite format 3\0"


def write(target: Path) -> Backup:
    """Write all that is kept into a file, whole or not at all.

    Args:
        target: the file; an earlier backup there is replaced.

    Raises:
        SettingError: there is nothing to keep, or the file cannot be where it is to be.
        StorageError: something cannot be read, or the file cannot be written.
    """
    root = home.folder().resolve()
    _check_target(target, root)
    files: dict[str, str] = {}
    size = 0
    with (
        as_storage_error(f"The backup {target} cannot be written"),
        atomic.open_write(target, mark=f"-{os.getpid()}") as file,
    ):
        Path(file.name).chmod(0o600)  # it holds drawings, and what keys are known by
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, path in _kept(root):
                if added := _add(archive, name, path):
                    files[name] = added[0]
                    size += added[1]
            backup = Backup(home.now(), files, size)
            archive.writestr(MANIFEST, json.dumps({"format": FORMAT, **vars(backup)}, indent=1))
    return backup


def _check_target(target: Path, root: Path) -> None:
    if not root.is_dir():
        raise SettingError(f"{root} is not there: nothing was written yet that could be kept.")
    if target.resolve().is_relative_to(root):
        raise SettingError(f"{target} lies in {root}, which it is to hold: choose another folder.")
    if not target.parent.is_dir():
        raise SettingError(f"{target.parent} is no folder: make it, or choose another one.")
    if target.is_dir() or (target.exists() and not _is_backup(target)):
        raise SettingError(f"{target} exists and is not a backup: choose another name.")


def _is_backup(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except DAMAGE:
        return False


def _kept(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and path of each file to keep; those of models while nobody changes them."""
    models = root / "models"
    yield from _below(root, root, without=models)
    if models.is_dir():
        with registry.changing("The models cannot be kept"):
            yield from _below(models, root)


def _below(folder: Path, root: Path, without: Path | None = None) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir()):
        is_ours = path.name.startswith((atomic.UNFINISHED, UNPACKED, ASIDE))
        if path == without or is_ours or path.name in LEFT_OUT or path.name.endswith(BESIDE):
            continue
        if path.is_symlink() and folder.resolve().is_relative_to(path.resolve()):
            continue  # a link to where it lies would have no end
        if path.is_dir():
            yield from _below(path, root)
        elif path.is_file() and not path.name.endswith(".tmp"):
            yield path.relative_to(root).as_posix(), path


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> tuple[str, int] | None:
    """Put a file into a backup; return its hash and size, None where it has gone meanwhile."""
    try:
        with path.open("rb") as file:
            if file.read(len(SQLITE)) == SQLITE:
                with _snapshot(path) as copied:
                    return _pour(archive, name, copied)
            file.seek(0)
            return _pour(archive, name, file)
    except FileNotFoundError:
        return None


@contextmanager
def _snapshot(path: Path) -> Iterator[IO[bytes]]:
    """Yield a database as it is at one moment, whoever writes into it."""
    with tempfile.TemporaryDirectory(prefix="recognizer-backup-") as scratch:
        copied = Path(scratch) / path.name
        with (
            closing(sqlite3.connect(path, timeout=database.BUSY_SECONDS)) as ours,
            closing(sqlite3.connect(copied)) as theirs,
        ):
            ours.backup(theirs)
            theirs.execute("PRAGMA journal_mode = DELETE")  # all in one file
        with copied.open("rb") as file:
            yield file


def _pour(archive: zipfile.ZipFile, name: str, file: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as into:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
            into.write(piece)
    return digest.hexdigest(), size
