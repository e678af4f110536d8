"""API keys: made and revoked by the operator, kept as hashes in RECOGNIZER_HOME/api-keys.json.

A token is 256 random bits, so that one round of SHA-256 is enough to keep it by: nobody tries
them all. A key that was revoked is refused from the next request on.
"""

import hashlib
import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from recognizer.errors import SettingError, StorageError, newer_version_error, reason
from recognizer.system import atomic, home, locks

FILE = "api-keys.json"
VERSION = 1
PREFIX = "rk_"  # tells people, and programs that search for leaked secrets, what it is
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_THREADS = threading.Lock()


@dataclass(frozen=True)
class Key:
    """A key, without its token.

    Attributes:
        name: of the program or person that has it.
        sha256: of its token, hexadecimal.
        created: day and time in UTC, ISO 8601.
    """

    name: str
    sha256: str
    created: str


def add(name: str) -> str:
    """Make a key and return its token, which is not kept.

    Raises:
        SettingError: the name is taken, or cannot name a key.
        StorageError: the keys cannot be read or written.
    """
    if not NAME.fullmatch(name):
        raise SettingError(
            f"{name[:80]!r} cannot name a key: use 1 to 64 letters, numbers, '.', '_', '@' and "
            "'-', starting with a letter or a number."
        )
    token = PREFIX + secrets.token_urlsafe(32)
    with _changing() as path:
        keys = all_keys()
        if any(key.name == name for key in keys):
            raise SettingError(f"A key {name!r} is there: revoke it first, or choose another name.")
        _write(path, (*keys, Key(name, _hash(token), home.now())))
    return token


def revoke(name: str) -> None:
    """Make a key worthless.

    Raises:
        SettingError: there is no such key.
        StorageError: the keys cannot be read or written.
    """
    with _changing() as path:
        keys = all_keys()
        if all(key.name != name for key in keys):
            have = ", ".join(key.name for key in keys) or "no key at all"
            raise SettingError(f"No key {name[:80]!r}: there is {have}.")
        _write(path, tuple(key for key in keys if key.name != name))


def all_keys() -> tuple[Key, ...]:
    """Return the keys, the oldest first.

    Raises:
        StorageError: the file cannot be read, or is damaged.
    """
    path = _path()
    try:
        facts = path.stat()
        return _read(path, (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({reason(error)}): make it readable.") from error


def find(token: str) -> Key | None:
    """Return the key of a token; None where it is of none, or was revoked.

    Raises:
        StorageError: the keys cannot be read.
    """
    hashed = _hash(token)
    found = None
    for key in all_keys():
        if secrets.compare_digest(key.sha256, hashed):
            found = key
    return found


@contextmanager
def _changing() -> Iterator[Path]:
    """Be the only one, of all processes, that changes the keys."""
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock")
        with _THREADS, locks.acquire(lock) if locks.are_supported() else nullcontext():
            yield path
    except OSError as error:
        raise StorageError(
            f"The keys cannot be written in {path.parent} ({reason(error)}): make room, or the "
            "folder writable."
        ) from error


def _write(path: Path, keys: tuple[Key, ...]) -> None:
    atomic.write_json(path, {"version": VERSION, "keys": [asdict(key) for key in keys]})


@lru_cache(maxsize=4)
def _read(path: Path, version: tuple[int, ...]) -> tuple[Key, ...]:
    """Read the file; one that has not changed is not read again."""
    try:
        document = json.loads(path.read_bytes())
        found = document["version"]
        if isinstance(found, int) and found > VERSION:
            raise newer_version_error(path, found, VERSION)
        keys = tuple(Key(**entry) for entry in document["keys"])
        if not all(isinstance(value, str) for key in keys for value in asdict(key).values()):
            raise TypeError("not text")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StorageError(
            f"{path} is damaged: delete it, and make the keys again with "
            "`python -m recognizer api-keys add NAME`."
        ) from error
    return keys


def _path() -> Path:
    return home.folder() / FILE


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
