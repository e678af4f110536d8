"""Where tables lie: files of this machine, and addresses such as s3://bucket/folder/test.csv.

Addresses go through Arrow's file systems, which take keys and region as all of Amazon's tools do:
from the environment and ~/.aws. Only an address imports them.
"""

import fnmatch
import glob
import io
import os
import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from recognizer.errors import DataError, SettingError, StorageError
from recognizer.system import atomic

_PLAIN = ":/%?&=+,;@~!$'()*"  # in an address; the rest of a key, such as blanks, is quoted
_BUFFER = 2 * 1024 * 1024  # bytes a request: some 0.05 s, of which half is waiting


@dataclass(frozen=True)
class Place:
    """A table's path or address.

    Attributes:
        name: as `open_binary` takes it.
        size: in bytes, where it is known already.
    """

    name: str
    size: int | None = None


def is_address(name: object) -> bool:
    """Whether it is an address, and no path of this machine."""
    return "://" in str(name)


def identity(name: str) -> str:
    """Return what is the same for all spellings of a path or an address, links and blanks too."""
    if not is_address(name):
        return os.path.realpath(name)
    parts = urlsplit(quote(name, safe=_PLAIN))
    if parts.scheme == "file":
        return os.path.realpath(unquote(parts.path))
    host = parts.netloc.rpartition("@")[2] if parts.scheme == "s3" else parts.netloc  # no keys
    return f"{parts.scheme}://{host}{posixpath.normpath('/' + unquote(parts.path).lstrip('/'))}"


def is_pattern(name: str) -> bool:
    """Whether it stands for any number of files; a file of just that name comes first."""
    if is_address(name):
        return any(sign in name for sign in "*[")
    return glob.has_magic(name) and not Path(name).exists()


def expand(names: Sequence[str]) -> list[Place]:
    """Return the tables that are meant, in this order; those of a pattern by their names.

    Raises:
        DataError: a pattern that fits no file, or a folder that cannot be listed.
        SettingError: a file is meant twice.
    """
    places = [place for name in names for place in _meant(name)]
    counts = Counter(place.name for place in places)
    if twice := next((name for name, count in counts.items() if count > 1), None):
        raise SettingError(f"{twice} is named twice: name each table once.")
    return places


def size(place: Place) -> int:
    """Return how many bytes it has.

    Raises:
        OSError: there is no such file.
    """
    if place.size is not None:
        return place.size
    if not is_address(place.name):
        return Path(place.name).stat().st_size
    with open_arrow(place.name) as file:
        return file.size()


def open_binary(name: str | Path) -> IO[bytes]:
    """Open a path or an address for reading.

    Raises:
        OSError: it cannot be opened.
    """
    if not is_address(name):
        return Path(name).open("rb")
    return io.BufferedReader(open_arrow(name), _BUFFER)


def open_arrow(name: str | Path) -> Any:
    """Open a path or an address for Arrow, without a buffer.

    Raises:
        OSError: it cannot be opened.
    """
    system, path = _system(str(name) if is_address(name) else str(Path(name).resolve()))
    return system.open_input_file(path)


def head(name: str | Path, length: int) -> bytes:
    """Return the first bytes of a path or an address, and fetch no more.

    Raises:
        OSError: it cannot be opened.
    """
    with open_arrow(name) if is_address(name) else Path(name).open("rb") as file:
        return file.read(length)


@contextmanager
def written(address: str) -> Iterator[IO[bytes]]:
    """Give a file to write at an address; it takes its name when all is written, as files do here.

    Raises:
        OSError: it cannot be written.
    """
    system, path = _system(address)
    folder, _, name = path.rpartition("/")
    temporary = f"{folder}/.{name}.{os.getpid()}.tmp"
    try:
        with system.open_output_stream(temporary) as file:
            yield file
        system.move(temporary, path)
    except BaseException:
        with suppress(OSError):
            system.delete_file(temporary)
        raise


def _meant(name: str) -> list[Place]:
    if not is_pattern(name):
        return [_sized(name)]
    found = _listed(name) if is_address(name) else _globbed(name)
    if not found:
        raise DataError(f"{name} matches no file: check the folder and the pattern.")
    return sorted(found, key=lambda place: place.name)


def _sized(name: str) -> Place:
    try:
        return Place(name, size(Place(name)))
    except OSError:  # who reads it will tell why
        return Place(name)


def _globbed(pattern: str) -> list[Place]:
    paths = glob.glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob needs the fixed part
    return [Place(path, Path(path).stat().st_size) for path in paths if Path(path).is_file()]


def _listed(pattern: str) -> list[Place]:
    from pyarrow import fs

    parts = urlsplit(pattern)
    wanted = PurePosixPath(parts.netloc + parts.path).parts
    fixed = next(n for n, part in enumerate(wanted) if any(sign in part for sign in "*["))
    try:
        system, folder = _system(urlunsplit(parts._replace(path="/" + "/".join(wanted[1:fixed]))))
        selector = fs.FileSelector(folder, recursive=fixed < len(wanted) - 1)
        files = [one for one in system.get_file_info(selector) if one.is_file]
    except OSError as error:
        raise DataError(f"{pattern} cannot be listed ({_reason(error)}): check it.") from error
    return [
        Place(urlunsplit(parts._replace(path=quote(one.path.removeprefix(parts.netloc)))), one.size)
        for one in files
        if _fits(PurePosixPath(one.path).parts, wanted)
    ]


def _fits(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether a path fits a pattern, folder by folder."""
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _system(address: str) -> tuple[Any, str]:
    """Return the file system of an address or a full path, and the path in it."""
    try:
        from pyarrow import fs
    except ModuleNotFoundError as error:
        raise SettingError(f"{address} needs pyarrow: run `make cluster` first.") from error
    try:
        return fs.FileSystem.from_uri(quote(address, safe=_PLAIN))
    except ValueError as error:  # ArrowInvalid
        raise OSError(f"expected s3://, gs:// or abfs://; {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:150].rstrip(".")


@contextmanager
def open_write(path: str | Path) -> Iterator[IO[bytes]]:
    """Give a file to write; it takes its name when all is written, and nothing is left otherwise.

    Args:
        path: of a file, or an address such as s3://bucket/submission.csv.

    Raises:
        StorageError: it cannot be written; what was there stays.
    """
    try:
        with written(str(path)) if is_address(path) else _file(path) as file:
            yield file
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())[:150].rstrip(".")
        raise StorageError(
            f"{path} cannot be written ({reason}): name a file in a folder that is there and has "
            "room."
        ) from error


@contextmanager
def _file(path: str | Path) -> Iterator[IO[bytes]]:
    target = Path(path).resolve()  # through a link, so that the link stays one
    if target.is_dir():
        raise StorageError(f"{path} is a folder: name a file in it.")
    if target.exists() and not target.is_file():
        raise StorageError(f"{path} is not a file that can be replaced: name another one.")
    with atomic.open_write(target, mark=f".{os.getpid()}") as file:
        yield file
