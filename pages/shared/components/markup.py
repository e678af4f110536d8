"""Many digits at once, and tables, as HTML with its text alternative."""

import base64
from collections.abc import Iterable, Sequence
from html import escape

import cv2
import numpy as np
import streamlit as st

from recognizer.records import IMAGE_SIZE, LABELS, NOT_A_DIGIT

INK = ("#1c2524", "#e6eceb")  # on light, on dark: as in .streamlit/config.toml
SAMPLES = 10  # of each digit


def joined(images: np.ndarray) -> np.ndarray:
    """Return (rows, columns, 28, 28) images as one picture."""
    rows, columns = images.shape[:2]
    spaced = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))  # (rows, columns, 30, 30)
    side = IMAGE_SIZE + 2
    return spaced.transpose(0, 2, 1, 3).reshape(rows * side, columns * side)


def picture(source: str, alt: str) -> str:
    """Return a picture of many digits, from what `source` returned."""
    return f'<img class="sheet" src="{source}" alt="{escape(alt)}">'


def source(image: np.ndarray) -> str:
    """Return an image as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png(image)).decode()}"


def samples(images: np.ndarray, labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return ten of each digit, a row a digit, (10, 10, 28, 28); black where there are fewer."""
    chosen = np.zeros((len(LABELS), SAMPLES, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    random = np.random.default_rng(seed)
    for label in LABELS:
        rows = random.permutation(np.flatnonzero(labels == label))[:SAMPLES]
        chosen[label, : len(rows)] = images[rows]
    return chosen


def unbroken(text: str) -> str:
    """Return text whose per cent signs never stand alone on a line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def figures(images: Iterable[np.ndarray], captions: Iterable[str]) -> str:
    """Return digits side by side, each with its words below."""
    parts = (
        f'<figure><img src="{source(image)}" alt="{escape(caption)}">'
        f"<figcaption>{unbroken(escape(caption))}</figcaption></figure>"
        for image, caption in zip(images, captions, strict=True)
    )
    return f'<div class="digits">{"".join(parts)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]], numbers: int = 0) -> str:
    """Return a table; its last `numbers` columns are numbers."""
    kinds = [""] * (len(head) - numbers) + [' class="number"'] * numbers
    top = "".join(f"<th{kind}>{escape(name)}</th>" for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{escape(str(cell))}</td>" for cell, kind in zip(row, kinds, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="Table: {escape(head[0])}">'
        f'<table class="facts"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def checks(found: Iterable[tuple[bool, str]]) -> str:
    """Return what was checked as a list: whether each holds, and what was found."""
    mark = '<b role="img" aria-label="{}">{}</b>'
    yes, no = mark.format("Right:", "✓"), mark.format("Wrong:", "✗")
    lines = (f"{yes if holds else no}{unbroken(escape(text))}" for holds, text in found)
    items = "".join(f'<div role="listitem">{line}</div>' for line in lines)
    return f'<div class="checks" role="list">{items}</div>'


def ink() -> str:
    """Return the colour of text, for charts that do not know the theme."""
    return INK[is_dark()]


def is_dark() -> bool:
    """Whether the page is light on dark."""
    return st.context.theme.type == "dark"


def plain(text: str) -> str:
    """Return text for Markdown that comes out as it is: it may quote a stranger's file."""
    return "".join(f"\\{c}" if c in r"\`*_[]{}<>#~|$:!" else c for c in text)


def label(value: int) -> str:
    """Return a label as it is read: a digit, or that it is none."""
    return "Not a digit" if value == NOT_A_DIGIT else str(value)


def article(digit: int) -> str:
    """Return a label with its article: "an 8", "a 3", "no digit"."""
    if digit == NOT_A_DIGIT:
        return "no digit"
    return f"an {digit}" if digit == 8 else f"a {digit}"


def count(number: int, what: str = "row") -> str:
    """Return a number of things in words: "1 row", "1,383 rows"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def png(image: np.ndarray) -> bytes:
    """Return an image, (H, W) or (H, W, 3) uint8 RGB, as a PNG."""
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", image)[1].tobytes()


def duration(seconds: float) -> str:
    """Say a time in words, as exactly as an estimate is."""
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds" if seconds >= 1.5 else "1 second"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
