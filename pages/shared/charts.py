"""Small pictures of readings as HTML: they arrive with the page's own message, so nothing jumps.

Every one has its text alternative, and says in words or numbers what it says in colour.
"""

import base64
from html import escape

import cv2
import numpy as np
import streamlit as st

from recognizer.preprocessing import Preprocessed
from recognizer.records import BLANK, Reading

_STYLE = """
<style>
:root { --accent: light-dark(LIGHT, DARK); }
.stMainBlockContainer { padding-top: 3.5rem; }
.st-key-reading [data-testid="stMetric"] { min-width: 6rem; }
.st-key-reading [data-testid="stMetricValue"] { line-height: 4.5rem; }
.st-key-reading > :first-child [data-testid="stMetricValue"] { font-size: 4.5rem; }
.stMainBlockContainer h1 { font-size: 1.1rem; padding: .3rem 0 .7rem; }
.st-key-label [role="radiogroup"] { flex-wrap: wrap; gap: .15rem; overflow: visible; }
.bars { display: grid; grid-template-columns: 1.2rem 1fr 4rem; gap: .3rem .6rem;
        align-items: center; font-variant-numeric: tabular-nums; }
.bars .track { height: .8rem; border-radius: .4rem; overflow: hidden;
               background: color-mix(in srgb, currentColor 12%, transparent); }
.bars .fill { height: 100%; border-radius: .4rem; transition: width .15s;
              background: color-mix(in srgb, currentColor 45%, transparent); }
.bars .read { font-weight: 700; }
.bars .read.fill { background: var(--accent); }
.bars .share { text-align: right; }
.steps { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: 1rem;
         max-width: 52rem; }
.steps figure { margin: 0; }
.steps img { width: 100%; aspect-ratio: 1; object-fit: contain; background: #000;
             image-rendering: pixelated; border-radius: .4rem; }
.steps figcaption { font-size: .85rem; line-height: 1.3; padding-top: .3rem; }
.readings { width: 100%; max-width: 32rem; border-collapse: collapse;
            font-variant-numeric: tabular-nums; }
.readings th { text-align: left; font-weight: 600; }
.readings th, .readings td { padding: .3rem .5rem .3rem 0;
    border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
</style>
"""


def style() -> str:
    """Return the styles of what is below, in the accent colours of .streamlit/config.toml."""
    light, dark = (st.get_option(f"theme.{base}.primaryColor") for base in ("light", "dark"))
    return _STYLE.replace("LIGHT", light or "#0f766e").replace("DARK", dark or "#17a091")


def percent(share: float) -> str:
    """Return a probability for people: never a rounded-up certainty."""
    if share > 0.999:
        return "> 99.9 %"
    return f"{share:.1%}".replace("%", " %")


def bars(reading: Reading) -> str:
    """Return a bar for each of the ten digits; always ten, in the same places."""
    spoken = ", ".join(f"{d}: {percent(p)}" for d, p in enumerate(reading.probabilities))
    rows = []
    for digit, share in enumerate(reading.probabilities):
        read = " read" if digit == reading.digit else ""
        rows.append(
            f'<span class="digit{read}">{digit}</span>'
            f'<span class="track"><span class="fill{read}" style="display:block;'
            f'width:{100 * share:.1f}%"></span></span>'
            f'<span class="share{read}">{percent(share) if reading != BLANK else "–"}</span>'
        )
    label = "Nothing is drawn yet." if reading.digit is None else f"Probabilities: {spoken}."
    return f'<div class="bars" role="img" aria-label="{label}">{"".join(rows)}</div>'


def steps(prepared: Preprocessed) -> str:
    """Return the way from the drawing to the model's 28 x 28 pixels as four pictures."""
    x, y, width, height = prepared.box
    found = cv2.cvtColor(prepared.ink, cv2.COLOR_GRAY2RGB)
    line = max(1, round(max(found.shape[:2]) / 120))
    cv2.rectangle(found, (x, y), (x + width - 1, y + height - 1), (255, 170, 0), line)
    h, w = prepared.scaled.shape
    return (
        '<div class="steps">'
        + "".join(
            (
                _figure(found, "1. The ink", "The ink that was found, white on black, in its box."),
                _figure(prepared.crop, "2. Cropped", f"Only the box: {width} × {height} pixels."),
                _figure(
                    prepared.scaled, "3. Scaled", f"The longer side made 20 pixels: {w} × {h}."
                ),
                _figure(prepared.image, "4. Centred", "Centre of mass in the middle of 28 × 28."),
            )
        )
        + "</div>"
    )


def readings(rows: list[tuple[str, Reading]]) -> str:
    """Return a table of what each model reads in the same drawing."""
    body = "".join(
        f"<tr><td>{escape(name)}</td><td><b>{reading.digit}</b></td>"
        f"<td>{percent(reading.confidence)}</td></tr>"
        for name, reading in rows
    )
    head = "<tr><th>Model</th><th>Digit</th><th>Confidence</th></tr>"
    return f'<table class="readings"><thead>{head}</thead><tbody>{body}</tbody></table>'


def png(image: np.ndarray) -> bytes:
    """Return an image, (H, W) or (H, W, 3) uint8 RGB, as a PNG."""
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", image)[1].tobytes()


def _figure(image: np.ndarray, title: str, text: str) -> str:
    source = base64.b64encode(png(image)).decode()
    return (
        f'<figure><img src="data:image/png;base64,{source}" alt="{text}">'
        f"<figcaption><b>{title}</b><br>{text}</figcaption></figure>"
    )
