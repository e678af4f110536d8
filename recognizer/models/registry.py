"""Models on disk: one folder each with `model.keras`, `model.tflite` and `card.json`.

Shipped models lie in the project's `models/` and are read-only; the user's lie in
`RECOGNIZER_HOME/models`. Loading by name looks in both. This module knows paths, not networks.
"""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from recognizer.errors import ModelError, RecognizerError, SettingError, StorageError
from recognizer.models.card import ModelCard
from recognizer.system import atomic, home, locks

SHIPPED = home.PROJECT / "models"
KERAS_FILE = "model.keras"
TFLITE_FILE = "model.tflite"
CARD_FILE = "card.json"
WEIGHTS = (KERAS_FILE, TFLITE_FILE)
SEEN_FILE = "seen.npy"  # which rows it has learned from; not every model has it, see seen_rows.py
DEFAULT_FILE = "default"  # holds the default model's name; once it was renamed, its old one too
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_THREADS = threading.Lock()  # of this process: on Windows there are no locks between processes


@dataclass(frozen=True)
class StoredModel:
    """A complete model on disk.

    Attributes:
        name: its folder's.
        folder: with its three files.
        card: how it was made.
        size: bytes of its `model.tflite`.
        default: whether it reads where no model is named.
    """

    name: str
    folder: Path
    card: ModelCard
    size: int = 0
    default: bool = False

    @property
    def keras(self) -> Path:
        """The network for Keras."""
        return self.folder / KERAS_FILE

    @property
    def tflite(self) -> Path:
        """The network for LiteRT."""
        return self.folder / TFLITE_FILE

    @property
    def sha256(self) -> str:
        """The SHA-256 of `model.tflite`, by which a model is known whatever its name."""
        return self.card.sha256[TFLITE_FILE]

    @property
    def shipped(self) -> bool:
        """Whether it came with the project."""
        return self.folder.parent == SHIPPED


@dataclass(frozen=True)
class Models:
    """What is in the models folders: those that can be used, and why each other one is left out."""

    available: tuple[StoredModel, ...]
    broken: dict[str, str]


@contextmanager
def _as_storage_error() -> Iterator[None]:
    """Raise a StorageError that names the file or folder that cannot be read."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{error.filename or home.folder()} cannot be read ({error.strerror or error}): make "
            "it readable or set RECOGNIZER_HOME to another folder."
        ) from error


@_as_storage_error()
def list_models(models_dir: str | Path | None = None) -> Models:
    """Look at every model, the default one first, then by held-out accuracy.

    Args:
        models_dir: where to look; None for the shipped models and the user's.

    Raises:
        StorageError: a models folder cannot be looked into.
    """
    available: dict[str, StoredModel] = {}
    broken: dict[str, str] = {}
    for name, folder in _folders(models_dir):
        try:
            available.setdefault(name, read_folder(name, folder))
        except RecognizerError as error:
            broken.setdefault(name, str(error))
    default = _default_name(models_dir, available)
    ordered = sorted(
        available.values(), key=lambda m: (m.name != default, -m.card.accuracy, m.name)
    )
    marked = tuple(replace(model, default=model.name == default) for model in ordered)
    return Models(marked, broken)


def find_model(name: str | None = None, models_dir: str | Path | None = None) -> StoredModel:
    """Return the model of that name, or the default one.

    Raises:
        ModelError: there is none, or it is damaged.
        StorageError: a models folder cannot be looked into.
    """
    models = list_models(models_dir)
    for model in models.available:
        if model.name == name or name is None:
            return model
    if name in models.broken:
        raise ModelError(models.broken[name])
    have = ", ".join(model.name for model in models.available)
    if have:
        raise ModelError(f"No model {name!r}: choose one of {have}.")
    raise ModelError(
        "No model here: restore the models/ folder of the project, or make one with "
        "`python -m recognizer train train.csv --architecture single-conv --name mine`."
    )


def check_name(name: str) -> str:
    """Return the name if it can be a model's.

    Raises:
        SettingError: empty, too long, with other characters than a folder's plain name has, or
            "default".
    """
    if not NAME.fullmatch(name):
        raise SettingError(
            f"{name!r} cannot name a model: use 1 to 64 of a-z, 0-9, '.', '_' and '-', "
            "starting with a letter or a number."
        )
    if name == "default":
        raise SettingError(
            "'default' cannot name a model: it means whichever model is the default one; choose "
            "another name."
        )
    return name


def promote(name: str) -> StoredModel:
    """Make a model the default one: whoever asks meanwhile finds the old one or the new one.

    Raises:
        ModelError: there is no such model, or it is damaged.
        SettingError: its folder, made by hand, has a name that no model can have.
        StorageError: the choice cannot be written.
    """
    with changing(f"{name} cannot be made the default"):
        model = find_model(name)
        if name.split() != [name]:
            raise SettingError(
                f"{name!r} cannot be made the default: its name has blanks; rename it first."
            )
        choose_default(model.name)
    return replace(model, default=True)


def choose_default(*names: str) -> None:
    """Write down the default model's name; of several, the first that is there is the default.

    Only inside `changing`.

    Raises:
        OSError: it cannot be written.
    """
    atomic.write_bytes(
        home.folder() / DEFAULT_FILE, "".join(name + "\n" for name in names).encode()
    )


@contextmanager
def changing(failure: str) -> Iterator[Path]:
    """Be the only one, of all tabs and processes, that changes the user's models or the default.

    Args:
        failure: what does not come about when the disk refuses, as the start of a sentence.

    Yields:
        The folder of the user's models.

    Raises:
        StorageError: the disk is full, or the folder cannot be written.
    """
    folder = home.folder() / "models"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _THREADS, locks.acquire(folder) if locks.are_supported() else nullcontext():
            yield folder
    except OSError as error:
        raise StorageError(
            f"{failure} in {home.folder()} ({error.strerror or error}): "
            "make room or the folder writable."
        ) from error


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file; a file that has not changed is not read again."""
    return _sha256(path, _version(path))


@lru_cache(maxsize=256)
def _sha256(path: Path, version: tuple[int, ...]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folders(models_dir: str | Path | None) -> Iterator[tuple[str, Path]]:
    roots = [home.folder() / "models", SHIPPED] if models_dir is None else [Path(models_dir)]
    for root in roots:
        yield from atomic.named(root)


def read_folder(name: str, folder: Path) -> StoredModel:
    """Read a model's card and check that the files are there and belong to it.

    A model whose files have not changed is not read again: pages ask at every stroke.

    Raises:
        ModelError: it is damaged or cannot be read.
    """
    try:
        for file in (CARD_FILE, *WEIGHTS):
            if not (folder / file).is_file():
                raise ModelError(f"{file} is missing: restore it or train the model again.")
        versions = tuple(_version(folder / file) for file in (CARD_FILE, *WEIGHTS))
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    except OSError as error:
        raise _unreadable(name, error) from error
    return _read_folder(name, folder, versions)


def _version(path: Path) -> tuple[int, ...]:
    """Return what differs between two contents of a file, without reading it."""
    facts = path.stat()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


@lru_cache(maxsize=256)
def _read_folder(name: str, folder: Path, versions: tuple[tuple[int, ...], ...]) -> StoredModel:
    """Read a folder whose files are of these versions."""
    try:
        card = ModelCard.from_json((folder / CARD_FILE).read_text("utf-8", "replace"))
        hashes = {file: sha256(folder / file) for file in WEIGHTS}
        size = (folder / TFLITE_FILE).stat().st_size
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    except OSError as error:
        raise _unreadable(name, error) from error
    for file in WEIGHTS:
        if hashes[file] != card.sha256.get(file):
            raise ModelError(
                f"{name}: {file} is not the file that its card describes: restore both."
            )
    return StoredModel(name, folder, replace(card, name=name), size)


def _unreadable(name: str, error: OSError) -> ModelError:
    return ModelError(f"{name} cannot be read ({error.strerror or error}): make it readable.")


def _default_name(models_dir: str | Path | None, available: dict[str, StoredModel]) -> str | None:
    """Return the user's choice, else the shipped one, else the most accurate."""
    choices = [home.folder() / DEFAULT_FILE, SHIPPED / DEFAULT_FILE]
    for file in choices if models_dir is None else [Path(models_dir) / DEFAULT_FILE]:
        for name in file.read_text("utf-8", "replace").split() if file.is_file() else ():
            if name in available:
                return name
    return max(available, key=lambda name: available[name].card.accuracy, default=None)
