"""Look after the user's models: rename, delete, and pack one to take it elsewhere."""

import io
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path

from recognizer.errors import ModelError, SettingError
from recognizer.models import registry
from recognizer.models.registry import StoredModel
from recognizer.system import atomic, home


def delete(name: str) -> None:
    """Delete a model of the user's, for good; its training and its curves stay.

    Raises:
        ModelError: there is no such model, or it is damaged.
        SettingError: it is shipped, the last one, or the default.
        StorageError: it cannot be deleted.
    """
    with registry.changing(f"{name} cannot be deleted"):
        model = registry.find_model(name)
        if reason := why_kept(model):
            raise SettingError(reason)
        atomic.remove(model.folder)
    if all(other.card.sha256 != model.card.sha256 for other in registry.list_models().available):
        write_note(model, "")  # a copy of the model would share it


def why_kept(model: StoredModel) -> str | None:
    """Say why a model cannot be deleted; None where it can."""
    if model.shipped:
        return f"{model.name} came with the app and stays: only models of your own are deleted."
    if len(registry.list_models().available) == 1:
        return f"{model.name} is the only model: train another before you delete it."
    if model.default:
        return f"{model.name} is the default model: make another the default before you delete it."
    return None


def rename(
    old: str, new: str, *, reserved: Callable[[], Collection[str]] = frozenset
) -> StoredModel:
    """Give a model of the user's another name; if it is the default, it stays that throughout.

    Args:
        old: its name.
        new: the name that it gets.
        reserved: returns the names that trainings will publish under; asked under the lock.

    Raises:
        ModelError: there is no such model, or it is damaged.
        SettingError: it is shipped, or the new name is none or taken.
        StorageError: it cannot be renamed.
    """
    registry.check_name(new)
    with registry.changing(f"{old} cannot be renamed") as folder:
        model = registry.find_model(old)
        if model.shipped:
            raise SettingError(
                f"{old} came with the app and keeps its name: only models of your own are renamed."
            )
        _check_free(new, reserved())
        if model.default:
            registry.choose_default(new, old)  # whichever of them a reader finds
        model.folder.rename(folder / new)
        atomic.flush_folder(folder)
    return registry.find_model(new)


def packed(model: StoredModel) -> bytes:
    """Return a model's folder as a zip: unpacked in a models folder, it is that model again.

    Raises:
        ModelError: its files cannot be read, as when it has just been deleted.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:  # weights do not shrink
        seen = [registry.SEEN_FILE] if (model.folder / registry.SEEN_FILE).is_file() else []
        for file in (registry.CARD_FILE, *registry.WEIGHTS, *seen):
            archive.writestr(f"{model.name}/{file}", content_of(model, file))
    return content.getvalue()


def content_of(model: StoredModel, file: str) -> bytes:
    """Return one of a model's files.

    Raises:
        ModelError: it cannot be read, as when the model has just been deleted.
    """
    try:
        return (model.folder / file).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{file} of {model.name} cannot be read ({error.strerror or error}): the model was "
            "deleted or renamed meanwhile; choose it again."
        ) from error


def _check_free(name: str, reserved: Collection[str]) -> None:
    models = registry.list_models()
    if name in models.broken or any(model.name == name for model in models.available):
        raise SettingError(f"A model named {name} is there already: choose another name.")
    if name in reserved:
        raise SettingError(f"A training will publish under the name {name}: choose another one.")


LONGEST = 2_000  # characters


def read_note(model: StoredModel) -> str:
    """Return the note on a model; empty where there is none or it cannot be read."""
    try:
        return _file(model).read_text("utf-8", "replace")
    except OSError:
        return ""


def write_note(model: StoredModel, note: str) -> None:
    """Keep a note on a model; an empty one takes it away.

    Raises:
        SettingError: it is too long.
        StorageError: it cannot be written.
    """
    note = note.strip()
    if len(note) > LONGEST:
        raise SettingError(f"The note has {len(note):,} characters: expected up to {LONGEST:,}.")
    with registry.changing(f"The note on {model.name} cannot be kept"):
        if note:
            _file(model).parent.mkdir(exist_ok=True)
            atomic.write_bytes(_file(model), note.encode())
        else:
            _file(model).unlink(missing_ok=True)


def _file(model: StoredModel) -> Path:
    return home.folder() / "notes" / f"{model.sha256[:16]}.txt"
