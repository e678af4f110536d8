"""Files that are whole or not there, whatever interrupts the writing: kill -9, a full disk."""

import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

DAMAGED = (  # what reading JSON and NumPy's files raises where they are damaged, or not there
    *(OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(MemoryError, RuntimeError, SyntaxError, TokenError, zlib.error, zipfile.BadZipFile),
)


@contextmanager
def whole(path: Path, mark: str = "") -> Iterator[IO[bytes]]:
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
    with whole(path) as file:
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
