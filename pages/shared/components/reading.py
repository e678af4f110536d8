"""Small pictures of readings as HTML: they arrive with the page's own message, so nothing jumps.

Every one has its text alternative, and says in words or numbers what it says in colour.
"""

import base64
from html import escape

import cv2
import numpy as np

from pages.shared.components.markup import png
from recognizer.evaluation import percent
from recognizer.preprocessing import Preprocessed
from recognizer.records import IMAGE_SIZE, Reading

LEFT_OUT = (160, 66, 66)  # the colour of what is no part of the digit
STEPS = (
    "Ink found",
    "Cropped to its bounding box",
    "Scaled so that the longer side is 20 pixels",
    "Centred by centre of mass",
)


def reading(read: Reading, note: str) -> str:
    """Return the ten probabilities with a note; muted where this may be no digit at all."""
    doubted = " doubted" if read.digit is not None and not read.is_digit else ""
    notes = "".join(f'<p class="note">{escape(one)}</p>' for one in (note, _apart(read)) if one)
    return f'<div class="reading{doubted}">{bars(read)}{notes}</div>'


def _apart(read: Reading) -> str:
    """Say what picture and pen's path say each, where the picture alone is read otherwise."""
    picture, path = read.from_picture, read.from_path
    if picture is None or (picture.digit, picture.is_digit) == (read.digit, read.is_digit):
        return ""
    return f"From the picture alone: {_short(picture)}. From how it was drawn: {_short(path)}."


def _short(read: Reading) -> str:
    doubt = "" if read.is_digit else ", doubtful"
    return f"{read.digit} ({percent(read.confidence)}){doubt}"


def spoken(read: Reading) -> str:
    """Return a reading as a sentence for the status line."""
    if read.digit is None:
        return ""
    said = f"Read as {read.digit}, {percent(read.confidence)}."
    return said if read.is_digit else f"This does not look like a digit. {said}"


def bars(read: Reading) -> str:
    """Return a bar for each of the ten digits; always ten, in the same places."""
    rows = []
    for digit, share in enumerate(read.probabilities):
        mark = " read" if digit == read.digit else ""
        rows.append(
            f'<span class="digit{mark}">{digit}</span>'
            f'<span class="track"><span class="fill{mark}" style="display:block;'
            f'width:{100 * share:.1f}%"></span></span>'
            f'<span class="share{mark}">{"–" if read.digit is None else percent(share)}</span>'
        )
    spoken = ", ".join(f"{digit}: {percent(p)}" for digit, p in enumerate(read.probabilities))
    label = "There is no digit yet." if read.digit is None else f"Probabilities: {spoken}."
    return f'<div class="bars" role="img" aria-label="{label}">{"".join(rows)}</div>'


def steps(prepared: Preprocessed | None) -> str:
    """Return the way from the drawing to 28 x 28 pixels as four pictures, black while blank."""
    if prepared is None:
        nothing = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
        pictures = [(nothing, text, "Nothing yet") for text in STEPS]
    else:
        _, _, width, height = prepared.box
        h, w = prepared.scaled.shape
        notes = ("in its bounding box", f"{width} × {height}", f"{w} × {h}", "28 × 28")
        images = (_boxed(prepared), prepared.crop, prepared.scaled, prepared.image)
        pictures = [
            (image, text, f"{text}, {note}")
            for image, text, note in zip(images, STEPS, notes, strict=True)
        ]
    figures = "".join(
        _figure(image, f"{number}. {text}", alt)
        for number, (image, text, alt) in enumerate(pictures, start=1)
    )
    return (
        f'<div class="seen"><h2>What the model sees</h2><div class="steps">{figures}</div>'
        f"{_left_out(prepared)}</div>"
    )


def _left_out(prepared: Preprocessed | None) -> str:
    """Return in words what was found beside the digit and is left out, red in the first step."""
    if prepared is None or not prepared.removed:
        return ""
    return f'<p class="note">Left out, red above: {escape("; ".join(prepared.removed))}.</p>'


def _boxed(prepared: Preprocessed) -> np.ndarray:
    """Return the ink with its bounding box drawn around it, (H, W, 3)."""
    x, y, width, height = prepared.box
    found = cv2.cvtColor(prepared.ink, cv2.COLOR_GRAY2RGB)
    line = max(1, round(max(found.shape[:2]) / 120))
    if prepared.left_out is not None:  # thick enough to be seen, beside the ink
        left_out = cv2.dilate(prepared.left_out, np.ones((line, line), np.uint8))
        found[(left_out > 0) & (prepared.ink == 0)] = LEFT_OUT
    cv2.rectangle(found, (x, y), (x + width - 1, y + height - 1), (255, 170, 0), line)
    return found


def readings(rows: list[tuple[str, Reading, bool]]) -> str:
    """Return a table of what each model reads in the same drawing, and whether they agree.

    Args:
        rows: by model: its name, its reading, and whether it can tell what is not a digit.
    """
    body = "".join(
        f"<tr><td>{escape(name)}</td><td><b>{read.digit}</b></td>"
        f"<td>{percent(read.confidence)}</td><td>{_is_digit(read, can_reject)}</td></tr>"
        for name, read, can_reject in rows
    )
    titles = ("Model", "Digit", "Confidence", "A digit?")
    head = "".join(f'<th scope="col">{text}</th>' for text in titles)
    return (
        f'<table class="readings"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f'<p class="note">{_agreement([read for _, read, _ in rows])}</p>'
    )


def _is_digit(read: Reading, can_reject: bool) -> str:
    if not can_reject:
        return "cannot tell"
    return "yes" if read.is_digit else "doubtful"


def _agreement(reads: list[Reading]) -> str:
    if len(reads) < 2:
        return ""
    digits = sorted({read.digit for read in reads if read.digit is not None})
    if len(digits) == 1:
        return f"All {len(reads)} models read {digits[0]}."
    return f"The models disagree: {', '.join(map(str, digits[:-1]))} or {digits[-1]}."


def _figure(image: np.ndarray, text: str, alt: str) -> str:
    source = base64.b64encode(png(image)).decode()
    return (
        f'<figure><img src="data:image/png;base64,{source}" alt="{alt}">'
        f"<figcaption>{text}</figcaption></figure>"
    )
