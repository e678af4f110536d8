"""A person's notes on models, kept in RECOGNIZER_HOME/notes.

A card is sealed and a shipped model read-only, so a note lies apart, under the hash of the model's
weights: it follows them through a change of name.
"""

from pathlib import Path

from recognizer import files, store
from recognizer.errors import SettingError
from recognizer.store import TFLITE_FILE, StoredModel

LONGEST = 2_000  # characters


def read(model: StoredModel) -> str:
    """Return the note on a model; empty where there is none or it cannot be read."""
    try:
        return _file(model).read_text("utf-8", "replace")
    except OSError:
        return ""


def write(model: StoredModel, note: str) -> None:
    """Keep a note on a model; an empty one takes it away.

    Raises:
        SettingError: it is too long.
        StorageError: it cannot be written.
    """
    note = note.strip()
    if len(note) > LONGEST:
        raise SettingError(f"The note has {len(note):,} characters: expected up to {LONGEST:,}.")
    with store.changing(f"The note on {model.name} cannot be kept"):
        if note:
            _file(model).parent.mkdir(exist_ok=True)
            files.write_bytes(_file(model), note.encode())
        else:
            _file(model).unlink(missing_ok=True)


def _file(model: StoredModel) -> Path:
    return store.home() / "notes" / f"{model.card.sha256[TFLITE_FILE][:16]}.txt"
