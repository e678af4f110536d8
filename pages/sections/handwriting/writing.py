"""Writing digits one after the other: a prompt, the canvas, and what is kept of it.

A digit is kept as soon as the pen has rested: `next_digit.js` presses Next then. What is to be
written next follows from what is kept, so a closed tab or a killed server loses at most the digit
under the pen.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import streamlit as st

from pages.shared import actions, handwriting, model_cache, session
from pages.shared.canvas import component, fabric_paths
from pages.shared.canvas.drawing import Sketch
from pages.shared.components import markup, messages
from recognizer.datasets.corrections import Correction, Corrections
from recognizer.errors import PictureError, RecognizerError
from recognizer.imaging.decoding import decode_canvas
from recognizer.models.registry import StoredModel
from recognizer.preprocessing import to_mnist
from recognizer.records import LABELS

MOST_TIMES = 3  # of each digit
NEXT = f"{component.REDRAWS}add"  # canvas_patch.js blanks the canvas at once
PROBLEM = "handwriting-problem"  # what went wrong in a callback, shown once

_SKETCH, _SKIPPED, _WRITTEN = "handwriting-sketch", "handwriting-skipped", "handwriting-written"
_RESTED = (Path(__file__).parent / "next_digit.js").read_text(encoding="utf-8")


def sketch() -> Sketch:
    """Return the drawing on this page's canvas."""
    return st.session_state.setdefault(_SKETCH, Sketch())


def show(model: StoredModel) -> None:
    """Ask for the next digit, or say that all are written.

    Args:
        model: whose reading is kept with each drawing.
    """
    times = st.segmented_control(
        "Drawings of each digit",
        range(1, MOST_TIMES + 1),
        default=session.choice(session.TIMES),
        required=True,
        **session.keeps(session.TIMES),
    )
    if problem := st.session_state.pop(PROBLEM, None):
        messages.error(problem)
    store = handwriting.corrections()
    asked = _asked(store, times)
    if asked is None:
        sketch().mounted = False
        messages.success(
            f"Each digit is written {'once' if times == 1 else f'{times} times'}. Choose more "
            "drawings of each digit to go on."
        )
        _take_back()
        return
    digit, done = asked
    words = markup.article(digit)
    st.html(
        f'<div class="prompt" role="status" aria-label="Write {words}">Write {words.split()[0]} '
        f"<b>{digit}</b> <span>{done + 1} of {10 * times}</span></div>"
    )
    try:
        component.canvas(sketch(), session.choice(session.PEN), key="handwriting")
    except PictureError as error:
        messages.error(error)
    with st.container(horizontal=True, key="tools"):
        st.button("Next", NEXT, on_click=_keep, args=(digit, model))
        component.undo_and_clear(sketch())
        st.button(f"Skip the {digit}", on_click=_skip, args=(digit,))
    _take_back()
    st.caption("When the pen rests for a second, the next digit comes by itself.")
    st.components.v2.component("next-digit", js=_RESTED)(key="next-digit", height=0)


def _asked(store: Corrections, times: int) -> tuple[int, int] | None:
    """Return the digit to write next and how many are written; None when all are."""
    hand = next(iter(store.hands()), None)
    drawn = hand.digits if hand else (0,) * len(LABELS)
    skipped = st.session_state.setdefault(_SKIPPED, set())
    for time in range(times):
        for digit in LABELS:
            if drawn[digit] <= time and (digit, time) not in skipped:
                return digit, sum(min(number, times) for number in drawn) + len(skipped)
    return None


def _keep(digit: int, model: StoredModel) -> None:
    """Keep what is on the canvas as the digit that was asked for."""
    drawn = sketch()
    if not drawn.objects:
        return
    image = to_mnist(decode_canvas(drawn.picture(), fabric_paths.CANVAS_SIDE))
    strokes = fabric_paths.strokes(drawn.objects)
    drawn.show([])
    if image is None:
        return
    try:
        correction = _correction(digit, image, strokes, model)
        actions.keep_correction(model.name, correction, session.choice(session.HAND))
        st.session_state.setdefault(_WRITTEN, []).append(correction.id)
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)


def _correction(
    digit: int,
    image: np.ndarray,
    strokes: list[list[tuple[float, float]]],
    model: StoredModel,
) -> Correction:
    reading = model_cache.recognizer(model).read_mnist(image)
    return Correction(
        id=hashlib.sha256(image.tobytes()).hexdigest(),
        time=datetime.now(UTC).isoformat(),
        label=digit,
        read_as=reading.digit,
        confidence=reading.confidence,
        model=model.name,
        strokes=strokes,
        image=image,
    )


def _skip(digit: int) -> None:
    store = handwriting.corrections()
    hand = next(iter(store.hands()), None)
    drawn = hand.digits[digit] if hand else 0
    skipped = st.session_state.setdefault(_SKIPPED, set())
    skipped.update((digit, time) for time in range(MOST_TIMES) if time <= drawn)
    sketch().show([])


def _take_back() -> None:
    """Offer to delete the drawing that was kept last."""
    st.button(
        "Take back the last digit",
        on_click=_delete_last,
        disabled=not st.session_state.get(_WRITTEN),
    )


def _delete_last() -> None:
    try:
        last = st.session_state[_WRITTEN].pop()
        actions.take_back_correction("", last, session.choice(session.HAND))
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)


def forget_progress() -> None:
    """Begin anew: with another hand, or after one was forgotten."""
    for key in (_SKIPPED, _WRITTEN):
        st.session_state.pop(key, None)
    sketch().show([])
