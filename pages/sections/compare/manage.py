"""Manage one model: its card, a note, its name, its files, its deletion."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from pages.sections.compare import charts, selection
from pages.shared import actions, default_model
from pages.shared.access import roles
from pages.shared.access.roles import Action
from pages.shared.components import confusion_matrix, markup, messages
from recognizer.errors import RecognizerError
from recognizer.evaluation import measured_percent
from recognizer.jobs import provenance
from recognizer.models import maintenance
from recognizer.models.card import Drawn, ModelCard
from recognizer.models.registry import KERAS_FILE, TFLITE_FILE, StoredModel
from recognizer.records import TrainingConfig
from recognizer.system import home

PROBLEM, DONE = "manage-problem", "manage-done"  # what a callback has to say, shown once
NEW_NAME, NOTE = "manage-new-name", "manage-note"  # start the keys of widgets
WHY_NO_UPLOAD = (
    "Models are not uploaded here: a `.keras` file can hold code and can fill the memory, so a "
    "stranger's is only for those who run this app. They copy the model's folder, unpacked, to "
    "`{folder}`, and it is in the table at the next look."
)


def show(models: dict[str, StoredModel]) -> None:
    """Choose a model and manage it."""
    model = models[selection.one(models)]
    with st.container():  # whatever it says, what follows keeps its place
        if problem := st.session_state.pop(PROBLEM, None):
            messages.error(problem)
        if done := st.session_state.pop(DONE, None):
            messages.success(done)
        default_model.show_change()
    if roles.may(Action.RENAME):
        _actions(model)
    else:
        with st.popover("Download", icon=":material/download:"):
            _downloads(model)
        st.caption(
            "Names, notes, the default model and what is deleted are the operator's on this server."
        )
    _note(model)
    _card(model)
    st.header("Training curves", anchor=False)
    charts.learning({model.name: model.card})
    if model.card.confusion:
        st.header("Confusion matrix, held-out rows", anchor=False)
        with st.columns([3, 2])[0]:
            confusion_matrix.show_counts(np.array(model.card.confusion))
    if roles.may(Action.RENAME):
        st.caption(WHY_NO_UPLOAD.format(folder=home.folder() / "models"))


def _actions(model: StoredModel) -> None:
    with st.container(horizontal=True):
        default_model.offer(model)
        # By model, so that one that is open for this model closes when the next one is shown.
        with st.popover(
            "Rename",
            key=_key(model, "manage-renaming"),
            disabled=model.shipped,
            help=_only_own(model),
        ):
            st.text_input("New name", model.name, max_chars=64, key=_key(model, NEW_NAME))
            st.button(
                "Rename it", key=_key(model, "manage-rename"), on_click=_rename, args=(model,)
            )
        with st.popover("Download", icon=":material/download:"):
            _downloads(model)
        reason = maintenance.why_kept(model)
        with st.popover(
            "Delete",
            key=_key(model, "manage-deleting"),
            icon=":material/delete:",
            disabled=bool(reason),
            help=reason,
        ):
            st.write(f"Delete {markup.plain(model.name)} for good? Its training and curves stay.")
            st.button(
                "Delete it", key=_key(model, "manage-delete"), on_click=_delete, args=(model.name,)
            )


def _only_own(model: StoredModel) -> str | None:
    return "It came with the app and keeps its name." if model.shipped else None


def _downloads(model: StoredModel) -> None:
    for label, name, content in (
        ("The folder (.zip)", f"{model.name}.zip", lambda: maintenance.packed(model)),
        (
            "For Keras (.keras)",
            f"{model.name}.keras",
            lambda: maintenance.content_of(model, KERAS_FILE),
        ),
        (
            "For LiteRT (.tflite)",
            f"{model.name}.tflite",
            lambda: maintenance.content_of(model, TFLITE_FILE),
        ),
    ):
        st.download_button(label, content, name, on_click="ignore", width="stretch")


def _note(model: StoredModel) -> None:
    if not roles.may(Action.NOTE):
        if note := maintenance.read_note(model):
            st.text_area(
                "Note", note, disabled=True, key=_key(model, "manage-note-read"), height=90
            )
        return
    key = _key(model, NOTE)
    st.text_area(
        "Note",
        maintenance.read_note(model),
        max_chars=maintenance.LONGEST,
        key=key,
        on_change=_keep,
        args=(model, key),
        placeholder="What is worth knowing of this model; kept when you click elsewhere.",
        height=90,
    )


def _card(model: StoredModel) -> None:
    card = model.card
    rows = [
        ("Architecture", f"{card.architecture}, {card.parameters:,} parameters"),
        ("Held-out rows", _read_right(card)),
        *([("Drawn digits", _read_right(card.drawn))] if card.drawn else []),
        (
            "Trained on",
            f"{card.data.trained_rows:,} of {card.data.rows:,} rows of {card.data.name}",
        ),
        ("Licence of the data", card.data.licence),
        ("Data, SHA-256", card.data.sha256),
        ("Settings", _settings(card)),
        ("Made", f"{card.created[:16].replace('T', ' ')} UTC on {card.hardware}"),
        ("With", ", ".join(f"{name} {version}" for name, version in card.versions.items())),
        *((f"{file}, SHA-256", content) for file, content in card.sha256.items()),
        *([("Folder", str(model.folder))] if roles.may(Action.RENAME) else []),
    ]
    st.header("How it was made", anchor=False)
    st.html(f'<div class="card">{markup.table(("", ""), rows)}</div>')
    if command := provenance.command(card):
        st.markdown("To repeat its training, with the same rows at hand:")
        st.code(command, "shell", wrap_lines=True)
    else:
        st.caption(
            "No command repeats its training exactly: it used several tables or none "
            "that is a file, its teachers are not here, or it was made by an earlier version of "
            "the app or by another program."
        )


def _read_right(measured: ModelCard | Drawn) -> str:
    """Say accuracy, n and interval of a card, or of what it says of drawings."""
    low, high = measured.interval
    return (
        f"{measured_percent(measured.accuracy)} of {measured.n:,} read right "
        f"(95 % interval {100 * low:.2f} to {100 * high:.2f} %)"
    )


def _settings(card: ModelCard) -> str:
    config = card.config
    return (
        f"{_epochs(card)} epochs; batches of {config.batch_size}; "
        f"learning rate {config.learning_rate:g}, {config.schedule}; "
        f"weight decay {config.weight_decay:g}; seed {config.seed}"
        + (f", of the split {config.split_seed}" if config.split_seed is not None else "")
        + (f", fold {config.fold}" if config.fold > 1 else "")
        + (f"; taught by {', '.join(config.teachers)}" if config.teachers else "")
        + (f"; labels as decided ({config.decisions})" if config.decisions else "")
        + "; "
        + f"{_augmentation(config)}; {config.held_out:g} of the rows "
        f"held out, {config.validation:g} of the others for validation; "
        + (f"patience {config.patience}" if config.patience else "no early stopping")
        + (f"; temperature {card.temperature:g}" if card.temperature != 1 else "")
    )


def _epochs(card: ModelCard) -> str:
    """Say how many epochs it learned; a card without curves tells only how many were planned."""
    done, planned = len(card.history), card.config.epochs
    return f"{done} of {planned}" if done else f"{planned}"


def _augmentation(config: TrainingConfig) -> str:
    if not config.augment:
        return "not augmented"
    plain = config.plain_epochs
    return f"augmented, except in the last {plain} epochs" if plain else "augmented"


def _key(model: StoredModel, key: str) -> str:
    """Return a widget's key for one model.

    Another model's text must not appear in it, and a click that comes late must not be taken for
    one on the model that is shown next.
    """
    return f"{key}-{model.name}-{model.sha256[:8]}"


def _rename(model: StoredModel) -> None:
    new = st.session_state[_key(model, NEW_NAME)].strip()
    if _act(lambda: actions.rename(model.name, new), f"{model.name} is {new} now."):
        selection.renamed(model.name, new)


def _delete(name: str) -> None:
    if _act(lambda: actions.delete_model(name), f"{name} is deleted."):
        selection.deleted(name)


def _keep(model: StoredModel, key: str) -> None:
    _act(
        lambda: actions.write_note(model, st.session_state[key]),
        f"The note on {model.name} is kept.",
    )


def _act(do: Callable[[], object], done: str) -> bool:
    """Do what a person asked for, and say how it went; return whether it went well."""
    try:
        do()
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)
        return False
    st.session_state[DONE] = done
    return True
