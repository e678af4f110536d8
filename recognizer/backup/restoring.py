"""Put back what a backup holds: all of it, or nothing."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from recognizer.backup.archive import Backup, opened, pieces
from recognizer.backup.writing import ASIDE, UNPACKED
from recognizer.classroom import schema as classes
from recognizer.datasets import corrections
from recognizer.errors import SettingError, StorageError, newer_version_error
from recognizer.jobs import database
from recognizer.jobs.records import State
from recognizer.system import atomic, home
from recognizer.system.sqlite import as_storage_error

NEWEST = {
    database.FILE: database.VERSION,
    corrections.FILE: corrections.VERSION,
    classes.FILE: classes.VERSION,
}


def restore(source: Path, *, replace: bool = False) -> tuple[Backup, Path | None]:
    """Put back what a backup holds; nothing is changed before all of it is unpacked and checked.

    Args:
        source: the backup.
        replace: whether what is there now is moved aside; without, there must be nothing.

    Returns:
        The backup, and the folder of what was there before, where there was anything.

    Raises:
        SettingError: there is something already, or a training runs.
        StorageError: the backup is damaged or of a newer format, or the disk refuses.
    """
    root = home.folder()
    with opened(source) as (archive, backup), as_storage_error(f"{source} cannot be restored"):
        _check_room(root, replace)
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in root.glob(UNPACKED + "*"):
            atomic.clear(left)
        unpacked = root / f"{UNPACKED}{secrets.token_hex(4)}"
        unpacked.mkdir(mode=0o700)
        try:
            for name, content in backup.files.items():
                _unpack(unpacked / name, pieces(archive, name, content, source))
            _check_versions(unpacked)
            aside = _exchange(root, unpacked)
        finally:
            atomic.clear(unpacked)
    return backup, aside


def _unpack(target: Path, pieces: Iterator[bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("xb") as into:
        for piece in pieces:
            into.write(piece)
        into.flush()
        os.fsync(into.fileno())


def _check_room(root: Path, replace: bool) -> None:
    if any(job.state == State.RUNNING for job in _trainings()):
        raise SettingError("A training runs: stop it, and stop the app, before you restore.")
    there = [path for path in root.iterdir() if not _is_old(path)] if root.is_dir() else []
    if there and not replace:
        raise SettingError(
            f"{root} holds {there[0].name} and more: set RECOGNIZER_HOME to an empty folder, or "
            "say --replace, which moves what is there aside."
        )


def _trainings() -> tuple[database.Job, ...]:
    try:
        return database.all_jobs()
    except StorageError:  # damaged: what a backup is for
        return ()


def _is_old(path: Path) -> bool:
    return path.name.startswith((ASIDE, UNPACKED))


def _check_versions(unpacked: Path) -> None:
    """Raise StorageError for a database that only a newer app knows."""
    for name, newest in NEWEST.items():
        if (path := unpacked / name).is_file():
            with closing(sqlite3.connect(path)) as opened:
                found = opened.execute("PRAGMA user_version").fetchone()[0]
            if found > newest:
                raise newer_version_error(name, found, newest)


def _exchange(root: Path, unpacked: Path) -> Path | None:
    """Put what was unpacked in the place of what is there; all of it, or nothing.

    By the content and not by the folder itself, which may be a disk or a volume of its own.
    """
    old = [path for path in root.iterdir() if not _is_old(path)]
    aside = root / f"{ASIDE}{home.now().replace(':', '')[:17]}-{secrets.token_hex(2)}"
    moved: list[tuple[Path, Path]] = []
    try:
        if old:
            aside.mkdir(mode=0o700)
        for path in old:
            path.rename(aside / path.name)
            moved.append((path, aside / path.name))
        for path in list(unpacked.iterdir()):
            path.rename(root / path.name)
            moved.append((path, root / path.name))
    except BaseException:
        for before, now in reversed(moved):
            now.rename(before)
        with suppress(OSError):
            aside.rmdir()
        raise
    atomic.flush_folder(root)
    return aside if old else None
