"""Several digits on the Draw page: the whole text, a box for each digit, and its correction."""

import base64
import hashlib

import numpy as np
import streamlit as st

from pages.sections.draw import corrections
from pages.shared import model_cache, session
from pages.shared.canvas import drawing, fabric_paths
from pages.shared.components import reading as component_reading
from pages.shared.components.markup import png
from recognizer.evaluation import percent
from recognizer.models.registry import StoredModel
from recognizer.numbers import Digit, Page, holds_several, read_numbers
from recognizer.records import Reading

CACHE = "several"  # what was read last, by the picture and the model
CHOSEN = "several-digit"  # the digit whose bars are shown

_STYLE = """
<style>
.written { max-width: 40rem; margin: .4rem 0 1rem; }
.written svg { width: 100%; height: auto; max-height: 22rem; border-radius: .4rem;
               background: #fff; }
.written rect { fill: none; stroke: var(--accent); stroke-width: 2;
                vector-effect: non-scaling-stroke; }
.written rect.doubted { stroke: #b45309; stroke-dasharray: 5 4; }
.digits { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0; padding: 0; list-style: none; }
.digits li { margin: 0; text-align: center; font-variant-numeric: tabular-nums; }
.digits img { width: 3.2rem; aspect-ratio: 1; image-rendering: pixelated; border-radius: .3rem;
              display: block; background: #000; }
.digits b { font-size: 1.1rem; }
.digits small { display: block; opacity: .75; }
</style>
"""


def read(image: np.ndarray | None, model: StoredModel) -> Page | None:
    """Return the digits of a drawing or a picture where they are clearly several; None otherwise.

    Raises:
        RecognizerError: the picture holds too much to be numbers, or the model is damaged.
    """
    if image is None:
        return None
    drawn = session.choice(session.WAY) == session.DRAWING
    strokes = (
        [np.array(one) for one in fabric_paths.strokes(drawing.sketch().objects)] if drawn else None
    )
    asked = image.tobytes() if strokes is None else repr([one.tolist() for one in strokes]).encode()
    key = hashlib.sha256(asked).hexdigest(), model.name, model.card.created
    kept = st.session_state.get(CACHE)
    if kept is None or kept[0] != key:
        page = read_numbers(model_cache.recognizer(model), image, strokes)
        kept = st.session_state[CACHE] = key, page
    return kept[1] if holds_several(kept[1]) else None


def show(page: Page, image: np.ndarray) -> None:
    """Show the text, how sure the model is of its least sure digit, and each digit's box."""
    text = " ".join(line.text for line in page.lines)
    st.markdown(f"I see {len(page.digits)} digits: **{text.replace('-', chr(92) + '-')}**")
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom", key="reading"):
        st.metric("Digit", text, width="content")
        st.metric("Confidence", percent(page.confidence), width="content")
    if page.warning:
        st.warning(page.warning, icon=":material/warning:")
    st.html(_STYLE + _boxes(page, image) + _digits(page))


def correct(page: Page, model: str) -> None:
    """Show one digit's probabilities, and ask what it is; it is kept as one drawing of a digit."""
    digits = page.digits
    least = min(range(len(digits)), key=lambda one: digits[one].confidence)
    chosen = st.pills(
        "Look at a digit, or correct it",
        range(len(digits)),
        default=least,
        format_func=lambda one: f"{one + 1}. digit: {digits[one].reading}",
        key=f"{CHOSEN}-{hashlib.sha256(repr([d.box for d in digits]).encode()).hexdigest()[:12]}",
    )
    if chosen is None:
        return
    reading = _reading(digits[chosen])
    st.html(component_reading.bars(reading))
    drawn = fabric_paths.strokes(drawing.sketch().objects)
    strokes = [drawn[one] for one in digits[chosen].strokes if one < len(drawn)]
    corrections.ask_label(reading, model, strokes)


def _reading(digit: Digit) -> Reading:
    return Reading(
        digit=digit.reading,
        confidence=digit.confidence,
        probabilities=digit.probabilities,
        image=digit.image,
        is_digit=digit.is_digit,
    )


def _boxes(page: Page, image: np.ndarray) -> str:
    """Return the picture with a box around each digit, as SVG with its text alternative."""
    height, width = image.shape[:2]
    source = base64.b64encode(png(image[..., :3] if image.ndim == 3 else image)).decode()
    boxes = []
    for digit in page.digits:
        x, y, wide, tall = digit.box
        room = max(3, round(0.06 * max(wide, tall)))
        doubted = "" if digit.is_digit else ' class="doubted"'
        boxes.append(
            f'<rect x="{x - room}" y="{y - room}" width="{wide + 2 * room}" '
            f'height="{tall + 2 * room}" rx="3"{doubted}/>'
        )
    spoken = ", ".join(f"{one.reading} {percent(one.confidence)}" for one in page.digits)
    return (
        f'<div class="written"><svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="The picture with a box around each digit: {spoken}.">'
        f'<image href="data:image/png;base64,{source}" width="{width}" height="{height}"/>'
        f"{''.join(boxes)}</svg></div>"
    )


def _digits(page: Page) -> str:
    """Return each digit as the model saw it, with its reading and confidence."""
    items = []
    for digit in page.digits:
        source = base64.b64encode(png(digit.image)).decode()
        items.append(
            f'<li><img src="data:image/png;base64,{source}" alt=""><b>{digit.reading}</b>'
            f"<small>{percent(digit.confidence)}</small></li>"
        )
    return f'<ol class="digits">{"".join(items)}</ol>'
