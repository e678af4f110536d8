"""Files that are whole or not there, whatever interrupts the writing: kill -9, a full disk."""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any


@contextmanager
def open_write(path: Path, mark: str = "") -> Iterator[IO[bytes]]:
    """Give a file under a temporary name, flush it to the disk, and rename it when all is well.

    Args:
        path: a file in an existing folder; what is there is replaced.
        mark: makes the temporary name the writer's own where there may be several at a time;
            without one it is always the same, so that none pile up.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    temporary = path.with_name(f".{path.name}{mark}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def write(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Write a file whole or not at all, one writer at a time: `fill` writes into it."""
    with open_write(path) as file:
        fill(file)


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes, as `write` does."""
    write(path, lambda file: file.write(content))


def write_json(path: Path, document: Any) -> None:
    """Write a JSON document, as `write` does."""
    write_bytes(path, (json.dumps(document, indent=2) + "\n").encode())


def flush_folder(folder: Path) -> None:
    """Flush a folder's names to the disk, so that a rename outlives a power cut."""
    if os.name == "nt":  # Windows opens no folders and needs no flush
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


UNFINISHED = ".publish-"  # starts the name of a folder that is being filled or deleted
ASIDE = ".replaced-"  # starts the name of a folder while another takes its place


def named(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and folder of each folder, by name, without the hidden ones."""
    there = [path.name for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    for name in sorted({one.removeprefix(ASIDE) for one in there}):
        if not name.startswith("."):
            # The new one is in place before the old one goes, so the third look finds it.
            places = (root / name, root / (ASIDE + name), root / name)
            yield name, next((folder for folder in places if folder.is_dir()), root / name)


def put(folder: Path, target: Path) -> None:
    """Rename a folder to `target`; what is there goes, or comes back when that fails.

    Args:
        folder: on the same disk, flushed to it.
        target: its new place; one writer at a time.

    Raises:
        OSError: it cannot be renamed.
    """
    aside = target.with_name(ASIDE + target.name)
    if os.path.lexists(target):  # a link to nowhere is there too
        clear(aside)
        target.rename(aside)
    try:
        folder.rename(target)
    except BaseException:
        if os.path.lexists(aside):
            aside.rename(target)
        raise
    try:
        flush_folder(target.parent)
    finally:
        clear(aside)


def remove(folder: Path) -> None:
    """Delete a folder: it is gone as a whole at once, its content as soon as it can be.

    Of a link to a folder, the link goes.

    Raises:
        OSError: it cannot be renamed: it is whole.
    """
    doomed = folder.with_name(UNFINISHED + folder.name)
    clear(doomed)  # one that a kill left
    if os.path.lexists(doomed):
        doomed = doomed.with_name(f"{doomed.name}-{secrets.token_hex(4)}")
    folder.rename(doomed)
    flush_folder(folder.parent)
    clear(doomed)


def clear(path: Path) -> None:
    """Delete whatever is at a path, as far as that can be done: a folder, a link, any file."""
    if path.is_dir() and not path.is_symlink():
        for folder, _, _ in os.walk(path):
            with suppress(OSError):
                Path(folder).chmod(0o700)  # a read-only one keeps what is in it
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def sweep(root: Path) -> None:
    """Clear up what a kill left, of whatever kind; no one else may be writing in there.

    What cannot be deleted or put back stays, and hinders nobody.
    """
    for left in root.glob(UNFINISHED + "*"):
        clear(left)
    for aside in root.glob(ASIDE + "*"):
        target = aside.with_name(aside.name.removeprefix(ASIDE))
        if not aside.is_dir() or os.path.lexists(target):
            clear(aside)
        else:
            with suppress(OSError):
                aside.rename(target)
