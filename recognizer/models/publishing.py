"""Put a finished model in place: whole or not at all, and never instead of a better one."""

import os
import shutil
import tempfile
from pathlib import Path

from recognizer.errors import ModelError, StorageError
from recognizer.models.card import ModelCard
from recognizer.models.registry import (
    CARD_FILE,
    SEEN_FILE,
    WEIGHTS,
    StoredModel,
    check_name,
    list_models,
    read_folder,
)
from recognizer.system import atomic, locks


def check_better(new: ModelCard, old: ModelCard) -> None:
    """Check that the new model reads more of the same held-out rows right.

    Raises:
        ModelError: it does not, or it was measured on other rows.
    """
    received, expected = _held_out(new), _held_out(old)
    if other := [what for what in received if received[what] != expected[what]]:
        raise ModelError(
            f"{new.name} was measured with "
            f"{', '.join(f'{what} {received[what]}' for what in other)}; expected "
            f"{', '.join(f'{what} {expected[what]}' for what in other)} as for the model of that "
            "name: kept the old one; publish under another name to have both."
        )
    if old.accuracy >= new.accuracy:
        raise ModelError(
            f"{new.name} reads {old.accuracy:.4f} of its held-out rows right, the new one "
            f"{new.accuracy:.4f}: kept the old one; publish under another name to have both."
        )


def _held_out(card: ModelCard) -> dict[str, object]:
    """Return what decides on which rows a model was measured, by its name for people."""
    return {
        "data of SHA-256": card.data.sha256[:12],
        "seed": card.config.seed,
        "held-out share": card.config.held_out,
        "held-out rows": card.n,
    }


def publish(files_dir: Path, card: ModelCard, models_dir: Path) -> StoredModel:
    """Put a finished model in place, whole or not at all, whatever interrupts it.

    The folder is filled under a temporary name, flushed to disk, checked and renamed. A model of
    the same name is replaced only when it is broken or the new one reads more of the same
    held-out rows right. The very same model again changes nothing.

    Args:
        files_dir: folder with `model.keras`, `model.tflite` and, where it is known, `seen.npy`.
        card: its card, with the files' hashes.
        models_dir: the folder to publish in.

    Raises:
        ModelError: a model of that name is there and is as good or was measured on other rows, or
            the card is not the files'.
        StorageError: the folder cannot be written, or the disk is full.
    """
    target = models_dir / check_name(card.name)
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with locks.acquire(models_dir):
            atomic.sweep(models_dir)
            if _is_there(card, models_dir):
                return read_folder(card.name, target)
            with tempfile.TemporaryDirectory(prefix=atomic.UNFINISHED, dir=models_dir) as scratch:
                folder = Path(scratch) / card.name
                _fill(folder, files_dir, card)
                read_folder(card.name, folder)
                atomic.put(folder, target)
    except OSError as error:
        raise StorageError(
            f"{card.name} cannot be published in {models_dir} ({error.strerror or error}): "
            "make room or the folder writable."
        ) from error
    return read_folder(card.name, target)


def _is_there(card: ModelCard, models_dir: Path) -> bool:
    """Whether this very model is published; another one of its name must be worse."""
    old = next((m.card for m in list_models(models_dir).available if m.name == card.name), None)
    if old is None or old.to_json() == card.to_json():
        return old is not None
    check_better(card, old)
    return False


def _fill(folder: Path, files_dir: Path, card: ModelCard) -> None:
    folder.mkdir()
    for name in WEIGHTS:
        shutil.copyfile(files_dir / name, folder / name)
    if (files_dir / SEEN_FILE).is_file():
        shutil.copyfile(files_dir / SEEN_FILE, folder / SEEN_FILE)
    (folder / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    atomic.flush_folder(folder)
