"""Look after the user's models: rename, delete, and pack one to take it elsewhere."""

import io
import zipfile

from recognizer import files, folders, job_list, notes, store
from recognizer.errors import ModelError, SettingError
from recognizer.job_records import State
from recognizer.store import StoredModel

UNFINISHED = (State.QUEUED, State.RUNNING, State.INTERRUPTED)  # trainings that may yet publish


def delete(name: str) -> None:
    """Delete a model of the user's, for good; its training and its curves stay.

    Raises:
        ModelError: there is no such model, or it is damaged.
        SettingError: it is shipped, the last one, or the default.
        StorageError: it cannot be deleted.
    """
    with store.changing(f"{name} cannot be deleted"):
        model = store.find(name)
        if reason := why_kept(model):
            raise SettingError(reason)
        folders.remove(model.folder)
    if all(other.card.sha256 != model.card.sha256 for other in store.list_models().whole):
        notes.write(model, "")  # a copy of the model would share it


def why_kept(model: StoredModel) -> str | None:
    """Say why a model cannot be deleted; None where it can."""
    if model.shipped:
        return f"{model.name} came with the app and stays: only models of your own are deleted."
    if len(store.list_models().whole) == 1:
        return f"{model.name} is the only model: train another before you delete it."
    if model.default:
        return f"{model.name} is the default model: make another the default before you delete it."
    return None


def rename(old: str, new: str) -> StoredModel:
    """Give a model of the user's another name; if it is the default, it stays that throughout.

    Raises:
        ModelError: there is no such model, or it is damaged.
        SettingError: it is shipped, or the new name is none or taken.
        StorageError: it cannot be renamed.
    """
    store.check_name(new)
    with store.changing(f"{old} cannot be renamed") as folder:
        model = store.find(old)
        if model.shipped:
            raise SettingError(
                f"{old} came with the app and keeps its name: only models of your own are renamed."
            )
        _check_free(new)
        if model.default:
            store.choose_default(new, old)  # whichever of them a reader finds
        model.folder.rename(folder / new)
        files.flush_folder(folder)
    return store.find(new)


def packed(model: StoredModel) -> bytes:
    """Return a model's folder as a zip: unpacked in a models folder, it is that model again.

    Raises:
        ModelError: its files cannot be read, as when it has just been deleted.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:  # weights do not shrink
        seen = [store.SEEN_FILE] if (model.folder / store.SEEN_FILE).is_file() else []
        for file in (store.CARD_FILE, *store.WEIGHTS, *seen):
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


def _check_free(name: str) -> None:
    models = store.list_models()
    if name in models.broken or any(model.name == name for model in models.whole):
        raise SettingError(f"A model named {name} is there already: choose another name.")
    if any(job.name == name and job.state in UNFINISHED for job in job_list.all_jobs()):
        raise SettingError(f"A training will publish under the name {name}: choose another one.")
