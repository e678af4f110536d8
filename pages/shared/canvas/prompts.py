"""Writing digits one after the other: a prompt, the canvas, and what is kept of it.

A digit is kept as soon as the pen has rested: `next_digit.js` presses Next then. What is to be
written next follows from what is kept, so a closed tab or a killed server loses at most the digit
under the pen.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import streamlit as st

from pages.shared import model_cache, session
from pages.shared.canvas import component, fabric_paths
from pages.shared.canvas.drawing import Sketch
from pages.shared.components import markup, messages
from recognizer.datasets.corrections import Correction
from recognizer.errors import PictureError, RecognizerError
from recognizer.imaging.decoding import decode_canvas
from recognizer.models.registry import StoredModel
from recognizer.preprocessing import to_mnist
from recognizer.records import LABELS

NEXT = f"{component.REDRAWS}add"  # canvas_patch.js blanks the canvas at once
_RESTED = (Path(__file__).parent / "next_digit.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Prompts:
    """Who is asked to write, and where it goes.

    Attributes:
        key: of the canvas, and the start of the keys in the session; one for each page.
        drawn: how many of each digit are kept, 0 to 9.
        times: drawings that are asked for, of each digit.
        keep: keeps a drawing.
        take_back: deletes the drawing of an id.
    """

    key: str
    drawn: tuple[int, ...]
    times: int
    keep: Callable[[Correction], None]
    take_back: Callable[[str], None]

    def asked(self) -> tuple[int, int] | None:
        """Return the digit to write next and how many are written; None when all are."""
        skipped = _kept(self.key, "skipped", set)
        for time in range(self.times):
            for digit in LABELS:
                if self.drawn[digit] <= time and (digit, time) not in skipped:
                    written = sum(min(number, self.times) for number in self.drawn)
                    return digit, written + len(skipped)
        return None


def show(prompts: Prompts, model: StoredModel, done: str) -> None:
    """Ask for the next digit, or say that all are written.

    Args:
        prompts: who is asked.
        model: whose reading is kept with each drawing.
        done: what is said when all are written.
    """
    if problem := st.session_state.pop(_name(prompts.key, "problem"), None):
        messages.error(problem)
    asked = prompts.asked()
    if asked is None:
        sketch(prompts.key).mounted = False
        messages.success(done)
        _take_back(prompts)
        return
    digit, written = asked
    words = markup.article(digit)
    st.html(
        f'<div class="prompt" role="status" aria-label="Write {words}">Write {words.split()[0]} '
        f"<b>{digit}</b> <span>{written + 1} of {10 * prompts.times}</span></div>"
    )
    drawn = sketch(prompts.key)
    try:
        component.canvas(drawn, session.choice(session.PEN), key=prompts.key)
    except PictureError as error:
        messages.error(error)
    with st.container(horizontal=True, key="tools"):
        st.button("Next", NEXT, on_click=_keep, args=(prompts, digit, model))
        component.undo_and_clear(drawn)
        st.button(f"Skip the {digit}", on_click=_skip, args=(prompts, digit))
    _take_back(prompts)
    st.caption("When the pen rests for a second, the next digit comes by itself.")
    st.components.v2.component("next-digit", js=_RESTED)(key="next-digit", height=0)


def sketch(key: str) -> Sketch:
    """Return the drawing on a page's canvas."""
    return _kept(key, "sketch", Sketch)


def tell(key: str, problem: object) -> None:
    """Have the next run show what went wrong in a callback, once."""
    st.session_state[_name(key, "problem")] = str(problem)


def forget_progress(key: str) -> None:
    """Begin anew: somebody else writes, or all was deleted."""
    for what in ("skipped", "written"):
        st.session_state.pop(_name(key, what), None)
    sketch(key).show([])


def _keep(prompts: Prompts, digit: int, model: StoredModel) -> None:
    """Keep what is on the canvas as the digit that was asked for."""
    drawn = sketch(prompts.key)
    if not drawn.objects:
        return
    image = to_mnist(decode_canvas(drawn.picture(), fabric_paths.CANVAS_SIDE))
    strokes = fabric_paths.strokes(drawn.objects)
    drawn.show([])
    if image is None:
        return
    try:
        correction = _correction(digit, image, strokes, model)
        prompts.keep(correction)
        _kept(prompts.key, "written", list).append(correction.id)
    except RecognizerError as error:
        tell(prompts.key, error)


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


def _skip(prompts: Prompts, digit: int) -> None:
    skipped = _kept(prompts.key, "skipped", set)
    skipped.update((digit, time) for time in range(prompts.times) if time <= prompts.drawn[digit])
    sketch(prompts.key).show([])


def _take_back(prompts: Prompts) -> None:
    """Offer to delete the drawing that was kept last."""
    st.button(
        "Take back the last digit",
        on_click=_delete_last,
        args=(prompts,),
        disabled=not st.session_state.get(_name(prompts.key, "written")),
    )


def _delete_last(prompts: Prompts) -> None:
    try:
        prompts.take_back(_kept(prompts.key, "written", list).pop())
    except RecognizerError as error:
        tell(prompts.key, error)


def _name(key: str, what: str) -> str:
    return f"{key}-{what}"


def _kept(key: str, what: str, first: Callable[[], object]):
    """Return what the session keeps for a page; at first, a new one."""
    if (name := _name(key, what)) not in st.session_state:
        st.session_state[name] = first()
    return st.session_state[name]
