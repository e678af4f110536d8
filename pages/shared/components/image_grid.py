"""Digits side by side to pick from; the picked one is shown large, and leads on from there."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from pages.shared import actions, layout, model_cache, model_list, session
from pages.shared.components import markup, messages, reading
from recognizer.datasets.corrections import Correction
from recognizer.errors import RecognizerError
from recognizer.evaluation import percent
from recognizer.models.registry import StoredModel
from recognizer.records import LABELS, NOT_A_DIGIT, Reading

_HERE = Path(__file__).parent
_PICKED = "image-grid-picked"  # in the session: what is to be shown large in the next run


@dataclass(frozen=True, eq=False)
class Image:
    """A digit in a grid.

    Attributes:
        pixels: array of shape (28, 28), uint8.
        caption: lines below it.
        title: where it is from, such as "Row 12".
        label: the digit that it is, if that is known.
    """

    pixels: np.ndarray
    caption: str
    title: str
    label: int | None = None


def show(
    images: Sequence[Image],
    model: StoredModel | None,
    key: str,
    *,
    wide: bool = False,
    remove: Callable[[int], None] | None = None,
) -> None:
    """Show images; one that is clicked opens large.

    Args:
        images: as many as a page may hold.
        model: that reads the one that is opened; None for the one chosen on the Draw page.
        key: of the grid.
        wide: whether captions have long lines.
        remove: deletes the image of that number; None where images are only looked at.
    """

    def take() -> None:
        number = st.session_state[key].get("picked")
        if isinstance(number, int) and 0 <= number < len(images):
            st.session_state[_PICKED] = key, number

    grid = st.components.v2.component(
        "image-grid",
        html='<div class="picks"></div>',
        css=(_HERE / "image_grid.css").read_text(encoding="utf-8"),
        js=(_HERE / "image_grid.js").read_text(encoding="utf-8"),
    )
    kind = "wide" if wide else ""
    data = [
        {"source": markup.source(one.pixels), "caption": markup.unbroken(one.caption), "kind": kind}
        for one in images
    ]
    grid(key=key, data=data, on_picked_change=take)
    asked, picked = st.session_state.get(_PICKED, (None, None))
    if asked == key:
        del st.session_state[_PICKED]
        image = images[min(picked, len(images) - 1)]
        st.dialog(image.title)(_large)(image, model, remove and partial(remove, picked))


def _large(image: Image, model: StoredModel | None, remove: Callable[[], None] | None) -> None:
    """Show one image large, what the model reads in it, and the ways on."""
    try:
        model = model or model_list.chosen()
        read = model_cache.recognizer(model).read_mnist(image.pixels)
    except RecognizerError as error:
        messages.error(error)
        return
    left, right = st.columns(2)
    with left:
        known = "" if image.label is None else f", label {image.label}"
        source = markup.source(image.pixels)
        st.html(f'<img class="still" src="{source}" alt="{escape(image.title + known)}">')
        if known:
            st.caption(f"Label: {markup.label(image.label)}")
    with right:
        doubt = "" if read.is_digit else " It doubts that this is a digit."
        sure = percent(read.confidence)
        st.markdown(f"{markup.plain(model.name)} reads **{read.digit}**, {sure}.{doubt}")
        st.html(reading.bars(read))
    if remove and st.button("Delete this drawing", icon=":material/delete:"):
        remove()
        st.rerun()
    if not remove:
        _relabel(image, read, model)
    if st.button("Open in Inside", icon=":material/visibility:"):
        session.open_inside(image.pixels, image.title, model.name)
        st.switch_page(layout.inside())


def _relabel(image: Image, read: Reading, model: StoredModel) -> None:
    """Let it be kept with another label, as a drawing on the Draw page."""
    drawing_id = hashlib.sha256(image.pixels.tobytes()).hexdigest()
    chosen = st.pills(
        "To keep it as a corrected drawing, choose what it is",
        (*LABELS, NOT_A_DIGIT),
        format_func=markup.label,
        key=f"relabel-{drawing_id[:16]}",
    )
    if chosen is None:
        return
    correction = Correction(
        id=drawing_id,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        label=chosen,
        read_as=read.digit,
        confidence=read.confidence,
        model=model.name,
        strokes=[],
        image=image.pixels,
    )
    try:
        actions.keep_correction(model.name, correction, session.choice(session.HAND))
    except RecognizerError as error:
        messages.error(error)
    else:
        messages.success(f"Kept as {markup.article(chosen)}: see the corrections on the Draw page.")
