"""Files that are whole or not there, whatever interrupts the writing: kill -9, a full disk."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any


def write(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Write a file under a temporary name, flush it to the disk, and rename it.

    One writer at a time: the temporary name is always the same, so that none pile up.

    Args:
        path: a file in an existing folder; what is there is replaced.
        fill: writes into the open file that it is given.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


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
