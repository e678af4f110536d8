"""Files that a user asked for: written whole or not at all; failures told in a sentence."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from recognizer import files
from recognizer.errors import StorageError


@contextmanager
def whole(path: str | Path) -> Iterator[IO[bytes]]:
    """Give a file to write; it takes its name when all is written, and nothing is left otherwise.

    Raises:
        StorageError: it cannot be written; what was there stays.
    """
    target = Path(path).resolve()  # through a link, so that the link stays one
    if target.exists() and not target.is_file():
        raise StorageError(f"{path} is no file that can be replaced: name another one.")
    try:
        with files.whole(target, mark=f".{os.getpid()}") as file:
            yield file
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written ({error.strerror or error}): name a file in a folder that "
            "is there and has room."
        ) from error
