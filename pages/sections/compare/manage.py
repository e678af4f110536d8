"""Look after one model: its card, a note, its name, its files, its end."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from pages.sections.compare import charts, selection
from pages.shared import actions
from pages.shared.access import roles
from pages.shared.access.roles import Action
from pages.shared.components import confusion_matrix, markup
from recognizer.errors import RecognizerError
from recognizer.evaluation import measured_percent
from recognizer.jobs import provenance
from recognizer.models import maintenance
from recognizer.models.card import Drawn, ModelCard
from recognizer.models.registry import KERAS_FILE, TFLITE_FILE, StoredModel
from recognizer.records import TrainingConfig
from recognizer.system import home

PROBLEM, DONE = "care-problem", "care-done"  # what a callback has to say, shown once
NEW_NAME, NOTE = "care-new-name", "care-note"  # start the keys of widgets
STYLE = """
<style>
.card thead { display: none; }
.card .facts td { white-space: normal; overflow-wrap: anywhere; vertical-align: top; }
.card .facts td:first-child { overflow-wrap: normal; min-width: 8rem; }
</style>
"""
WHY_NO_UPLOAD = (
    "Models are not uploaded here: a `.keras` file can hold code and can fill the memory, so a "
    "stranger's is only for those who run this app. They copy the model's folder, unpacked, to "
    "`{folder}`, and it is in the table at the next look."
)


def show(models: dict[str, StoredModel]) -> None:
    """Choose a model and look after it."""
    model = models[selection.one(models)]
    if problem := st.session_state.pop(PROBLEM, None):
        st.error(markup.plain(problem), icon=":material/error:")
    if done := st.session_state.pop(DONE, None):
        st.success(markup.plain(done), icon=":material/check_circle:")
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
    st.subheader("How it learned", anchor=False)
    charts.learning({model.name: model.card})
    if model.card.confusion:
        st.subheader("What it takes for what, on the held-out rows", anchor=False)
        with st.columns([3, 2])[0]:
            confusion_matrix.show_counts(np.array(model.card.confusion))
    if roles.may(Action.RENAME):
        st.caption(WHY_NO_UPLOAD.format(folder=home.folder() / "models"))


def _actions(model: StoredModel) -> None:
    with st.container(horizontal=True):
        st.button(
            "It is the default" if model.default else "Make it the default",
            icon=":material/check:",
            disabled=model.default,
            on_click=_promote,
            args=(model.name,),
            help="Every page reads with the default model, open ones from their next reading on.",
        )
        with st.popover("Rename", disabled=model.shipped, help=_only_own(model)):
            st.text_input("New name", model.name, max_chars=64, key=_key(model, NEW_NAME))
            st.button("Rename it", on_click=_rename, args=(model,))
        with st.popover("Download", icon=":material/download:"):
            _downloads(model)
        reason = maintenance.why_kept(model)
        with st.popover("Delete", icon=":material/delete:", disabled=bool(reason), help=reason):
            st.write(f"Delete {markup.plain(model.name)} for good? Its training and curves stay.")
            st.button("Delete it", on_click=_delete, args=(model.name,))


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
            st.text_area("Note", note, disabled=True, key=_key(model, "care-note-read"), height=90)
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
    st.subheader("How it was made", anchor=False)
    st.html(f'<div class="card">{markup.table(("", ""), rows)}</div>')
    if command := provenance.command(card):
        st.markdown("To repeat its training, with the same rows at hand:")
        st.code(command, "shell", wrap_lines=True)
    else:
        st.caption(
            "No command repeats its training exactly: it used several tables or none "
            "that is a file, or was made by an earlier version of the app or by another program."
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
        f"{len(card.history)} of {config.epochs} epochs; batches of {config.batch_size}; "
        f"learning rate {config.learning_rate:g}, {config.schedule}; "
        f"weight decay {config.weight_decay:g}; seed {config.seed}; "
        f"{_augmentation(config)}; {config.held_out:g} of the rows "
        f"held out, {config.validation:g} of the others to watch it; "
        + (f"patience {config.patience}" if config.patience else "no early stop")
        + (f"; temperature {card.temperature:g}" if card.temperature != 1 else "")
    )


def _augmentation(config: TrainingConfig) -> str:
    if not config.augment:
        return "not augmented"
    plain = config.plain_epochs
    return f"augmented, but for the last {plain}" if plain else "augmented"


def _key(model: StoredModel, key: str) -> str:
    """Return a widget's key for one model: another model's text must not appear in it."""
    return f"{key}-{model.name}-{model.card.sha256[TFLITE_FILE][:8]}"


def _promote(name: str) -> None:
    _act(lambda: actions.promote(name), f"{name} is the default model now, on every page.")


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
