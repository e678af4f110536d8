"""The right label for a drawing: asked for, kept with it, downloaded and deleted."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from pages.shared import actions, handwriting, layout, session
from pages.shared.access import roles
from pages.shared.canvas import drawing, fabric_paths
from pages.shared.components import image_grid, markup, messages
from recognizer.datasets.corrections import Correction, Corrections, Kept
from recognizer.errors import RecognizerError, StorageError
from recognizer.records import LABELS, NOT_A_DIGIT, Reading

LABEL_KEY = "label-"  # and the drawing's id: the widget that asks for its label
LATEST = 40  # kept drawings that are shown
_KEYS = (Path(__file__).parent / "label_keys.js").read_text(encoding="utf-8")
PROBLEM = "problem"  # what went wrong in a callback, shown once


def show_problem() -> None:
    """Show what went wrong in the callback before this run, if anything did."""
    if problem := st.session_state.pop(PROBLEM, None):
        messages.error(problem)


def ask_label(
    reading: Reading, model: str, strokes: list[fabric_paths.Stroke] | None = None
) -> None:
    """Ask for the right label; it is kept with the drawing, and a second click takes it back.

    Args:
        reading: of one digit.
        model: that read it.
        strokes: of this digit alone, where the canvas holds several; None: all that are drawn.
    """
    drawing_id = hashlib.sha256(reading.image.tobytes()).hexdigest()
    try:
        kept = handwriting.corrections().label_of(drawing_id)
    except StorageError as error:
        messages.error(error)
        return
    key = LABEL_KEY + drawing_id
    st.session_state.setdefault(key, kept)
    asked = f"Not {markup.article(reading.digit)}? Choose the correct digit"
    thanks = f"Saved as {markup.article(kept)}, thank you. Click it again to remove it."
    # In one place: nothing moves below a finger. Where there is no keyboard the hint is hidden.
    keys = '<span class="keyboard">, or press its key (X: not a digit)</span>'
    st.markdown(asked + keys if kept is None else thanks, unsafe_allow_html=True)
    st.container(key="label").pills(
        asked,
        (*LABELS, NOT_A_DIGIT),
        format_func=markup.label,
        key=key,
        on_change=_label,
        args=(key, drawing_id, reading, model, strokes),
        label_visibility="collapsed",
    )
    st.components.v2.component("label-keys", js=_KEYS)(key="label-keys", height=0)


def show_corrections() -> None:
    """Say what is kept and where; offer it, and its end."""
    corrections = roles.corrections()
    try:
        count = corrections.count()
    except StorageError as error:
        messages.error(error)
        return
    mine = bool(corrections.owner)  # a visitor's
    where = (
        "on this server, where the operator sees them."
        if mine
        else f"on this machine, in `{corrections.path}`; deleting that file removes them."
    )
    if mine and count:
        where += (
            " “Delete all” removes yours, as long as this page is open: after a reload the app "
            "does not know which were yours."
        )
    st.caption(
        f"{'Your corrected' if mine else 'Corrected'} drawings kept: {count}. When you choose the "
        "correct digit, your drawing (strokes and 28 × 28 pixels), the model's name and reading, "
        f"and the time are kept {where}"
    )
    if not count:
        return
    _show_latest(corrections, count)
    digits = corrections.count_digits()
    with st.container(horizontal=True, vertical_alignment="center"):
        if digits:
            st.download_button(
                "Corrections as CSV",
                actions.export_corrections.later(corrections),
                "corrections.csv",
                on_click="ignore",
                help="In the layout of Kaggle's train.csv, which has no row for what is no digit",
            )
        with st.popover("Delete all"):
            st.write(f"Delete all {count} corrected drawings? This cannot be undone.")
            st.button("Delete them", on_click=_delete_corrections)
        if digits:
            st.page_link(
                layout.handwriting(), label="Use them as my handwriting", icon=":material/draw:"
            )
        if digits and roles.may(roles.Action.TRAIN):
            st.page_link(
                layout.train(), label="Train a network on them", icon=":material/model_training:"
            )


def _show_latest(corrections: Corrections, count: int) -> None:
    """Show the kept drawings, each to be looked at and deleted; not before one asks for them."""
    if not st.toggle(
        f"See the {count} corrected drawings" if count > 1 else "See the corrected drawing",
        key="see-corrections",
    ):
        return
    kept = corrections.latest(LATEST)
    if count > len(kept):
        st.caption(f"The latest {len(kept)}.")
    images = [
        image_grid.Image(
            one.image,
            f"{markup.label(one.label)}\nread as {one.read_as}",
            f"Corrected on {one.time[:16].replace('T', ' at ')} UTC",
            one.label,
        )
        for one in kept
    ]
    image_grid.show(images, None, "corrections-grid", remove=lambda i: _delete(kept[i]))


def _delete(kept: Kept) -> None:
    try:
        actions.delete_correction(kept)
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)
    st.session_state.pop(LABEL_KEY + kept.id, None)


def _label(
    key: str,
    drawing_id: str,
    reading: Reading,
    model: str,
    strokes: list[fabric_paths.Stroke] | None,
) -> None:
    """Keep the label that was clicked, or take it back."""
    if key not in st.session_state:  # a click on a drawing that has gone meanwhile
        return
    label = st.session_state[key]
    hand = session.choice(session.HAND)
    try:
        if label is None:
            actions.take_back_correction(model, drawing_id, hand)
        else:
            correction = _correction(drawing_id, label, reading, model, strokes)
            actions.keep_correction(model, correction, hand)
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)
        del st.session_state[key]


def _delete_corrections() -> None:
    try:
        actions.delete_corrections()
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)
    for key in [key for key in st.session_state if str(key).startswith(LABEL_KEY)]:
        del st.session_state[key]


def _correction(
    drawing_id: str,
    label: int,
    reading: Reading,
    model: str,
    strokes: list[fabric_paths.Stroke] | None,
) -> Correction:
    drawn = session.choice(session.WAY) == session.DRAWING
    return Correction(
        id=drawing_id,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        label=label,
        read_as=reading.digit,
        confidence=reading.confidence,
        model=model,
        strokes=_strokes(strokes) if drawn else [],
        image=reading.image,
    )


def _strokes(chosen: list[fabric_paths.Stroke] | None) -> list[fabric_paths.Stroke]:
    return fabric_paths.strokes(drawing.sketch().objects) if chosen is None else chosen
