"""Several digits on the Draw page: the whole text, a box for each digit, and its correction."""

import base64
import hashlib

import cv2
import numpy as np
import streamlit as st

from pages.sections.draw import corrections
from pages.shared import model_cache, session
from pages.shared.canvas import drawing, fabric_paths
from pages.shared.components import messages
from pages.shared.components import reading as component_reading
from pages.shared.components.markup import png
from recognizer.errors import PictureError, RecognizerError
from recognizer.evaluation import percent
from recognizer.models.registry import StoredModel
from recognizer.numbers import Digit, Page, holds_several, read_numbers
from recognizer.records import Reading

CACHE = "several"  # what was read last, by the picture and the model
BOXED_SIDE = 1_000  # pixels: longer side of the picture with boxes
SURE, DOUBTED = (15, 118, 110), (180, 83, 9)  # colours of the boxes, RGB
CHOSEN = "several-digit"  # the digit whose bars are shown


def look(image: np.ndarray | None, model: StoredModel) -> tuple[Page | None, str]:
    """Return the digits of a drawing or a picture where they are clearly several.

    Whoever chose the wide canvas writes a number: there, several need not be clear.

    Returns:
        The digits, None where one digit is to be read; then, what is worth a sentence where that
        digit is doubted, or "".
    """
    if image is None:
        return None, ""
    try:
        page = _read(image, model)
    except PictureError as error:
        return None, str(error)
    except RecognizerError:  # what is wrong with the model is said where the one digit is read
        return None, ""
    drawn = session.choice(session.WAY) == session.DRAWING
    expected = drawn and drawing.sketch().is_wide and len(page.digits) > 1
    if expected or page.is_upside_down or holds_several(page):
        return page, ""
    is_number = not drawn and len(page.digits) > 1
    return None, f"As a number it reads {_text(page)}, with doubt." if is_number else ""


def _read(image: np.ndarray, model: StoredModel) -> Page:
    """Return what several digits would be, kept from one run to the next."""
    drawn = session.choice(session.WAY) == session.DRAWING
    strokes = drawing.sketch().strokes() if drawn else None
    asked = image.tobytes() if strokes is None else repr([one.tolist() for one in strokes]).encode()
    key = hashlib.sha256(asked).hexdigest(), model.name, model.card.created
    kept = st.session_state.get(CACHE)
    if kept is None or kept[0] != key:
        page = read_numbers(model_cache.recognizer(model), image, strokes)
        kept = st.session_state[CACHE] = key, page
    return kept[1]


def show(page: Page, image: np.ndarray) -> None:
    """Show the text, how sure the model is of its least sure digit, and each digit's box."""
    text = _text(page)
    is_sure = all(digit.is_sure for digit in page.digits)
    said = f"I see {len(page.digits)} digits" + ("" if is_sure else ", with doubt")
    st.markdown(f"{said}: **{text.replace('-', chr(92) + '-')}**")
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom", key="reading"):
        st.metric("Digit", text, width="content")
        st.metric("Confidence", percent(page.confidence), width="content")
    if page.warning:
        messages.warning(page.warning)
    st.html(_boxes(page, image) + _digits(page))


def correct(page: Page, model: str) -> None:
    """Show one digit's probabilities, and ask what it is; it is kept as one drawing of a digit."""
    digits = page.digits
    least = min(range(len(digits)), key=lambda one: digits[one].confidence)
    chosen = st.pills(
        "Look at a digit, or correct it",
        range(len(digits)),
        default=least,
        format_func=lambda one: f"Digit {one + 1}: {digits[one].reading}",
        key=f"{CHOSEN}-{hashlib.sha256(repr([d.box for d in digits]).encode()).hexdigest()[:12]}",
    )
    if chosen is None:
        return
    reading = _reading(digits[chosen])
    st.html(component_reading.bars(reading))
    drawn = fabric_paths.strokes(drawing.sketch().objects)
    strokes = [drawn[one] for one in digits[chosen].strokes if one < len(drawn)]
    corrections.ask_label(reading, model, strokes)


def _text(page: Page) -> str:
    return " ".join(line.text for line in page.lines)


def _reading(digit: Digit) -> Reading:
    return Reading(
        digit=digit.reading,
        confidence=digit.confidence,
        probabilities=digit.probabilities,
        image=digit.image,
        is_digit=digit.is_digit,
    )


def _boxes(page: Page, image: np.ndarray) -> str:
    """Return the picture with a box around each digit, and its text alternative."""
    height, width = image.shape[:2]
    scale = min(1.0, BOXED_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    boxed = cv2.resize(_rgb(image), size, interpolation=cv2.INTER_AREA)
    line = max(2, round(max(size) / 300))
    for digit in page.digits:
        x, y, wide, tall = (round(value * scale) for value in digit.box)
        room = max(3, round(0.06 * max(wide, tall))) + line
        colour = SURE if digit.is_sure else DOUBTED
        corners = (x - room, y - room), (x + wide + room, y + tall + room)
        cv2.rectangle(boxed, *corners, colour, line, cv2.LINE_AA)
    source = base64.b64encode(png(_around(boxed, page, scale))).decode()
    spoken = ", ".join(f"{one.reading} {percent(one.confidence)}" for one in page.digits)
    alt = f"The picture with a box around each digit: {spoken}."
    # It takes the focus: a click, or the tab key, enlarges it (styles.css).
    return f'<img class="written" tabindex="0" src="data:image/png;base64,{source}" alt="{alt}">'


def _around(boxed: np.ndarray, page: Page, scale: float) -> np.ndarray:
    """Return the part of the picture that holds the digits, with room around it."""
    boxes = np.array([digit.box for digit in page.digits]) * scale  # x, y, width, height
    low, high = boxes[:, :2].min(axis=0), (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    room = max(30, 0.4 * boxes[:, 2:].max())
    left, top = np.maximum(low - room, 0).astype(int)
    right, bottom = (high + room).astype(int)
    return np.ascontiguousarray(boxed[top:bottom, left:right])


def _rgb(image: np.ndarray) -> np.ndarray:
    """Return a picture as (H, W, 3), on white where it is transparent."""
    if image.ndim == 2 or image.shape[2] == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    if image.shape[2] == 3:
        return image
    alpha = image[..., 3:].astype(np.float32) / 255
    return (image[..., :3] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)


def _digits(page: Page) -> str:
    """Return each digit as the model saw it, with its reading and confidence."""
    items = []
    for digit in page.digits:
        source = base64.b64encode(png(digit.image)).decode()
        items.append(
            f'<figure><img src="data:image/png;base64,{source}" alt="">'
            f"<figcaption><b>{digit.reading}</b>\n{percent(digit.confidence)}"
            f"{'' if digit.is_sure else chr(10) + 'doubtful'}</figcaption></figure>"
        )
    return f'<div class="digits">{"".join(items)}</div>'
