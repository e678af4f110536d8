"""Numbers as people read them: alone, as a square of cells, and as a sum that adds up."""

import math
from collections.abc import Sequence

import numpy as np

from pages.shared.components import markup

_TEAL, _ORANGE = "var(--accent)", "#ea7a2c"


def decimal(value: float, digits: int = 4) -> str:
    """Return a number with so many decimals and a true minus sign."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else f"{0:.{digits}f}"


def fine(value: float) -> str:
    """Return a number that may be very small, in its own power of ten then."""
    if value == 0 or value >= 1e-4:
        return decimal(value, 6)
    power = math.floor(math.log10(value))
    raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value / 10**power:.1f} × 10{raised}"


def cells(values: np.ndarray, caption: str, winner: tuple[int, int] | None = None) -> str:
    """Return (height, width) numbers as a square of coloured cells; infinite ones lie outside."""
    known = np.isfinite(values)
    top = max(float(np.abs(values[known]).max(initial=0)), 1e-12)
    rows = []
    for y, row in enumerate(values):
        parts = []
        for x, value in enumerate(row):
            if not known[y, x]:
                parts.append('<td class="outside">–</td>')
                continue
            share = round(55 * abs(value) / top)
            colour = _TEAL if value > 0 else _ORANGE
            mark = ' class="winner"' if winner == (y, x) else ""
            style = f"background:color-mix(in srgb, {colour} {share}%, transparent)"
            parts.append(f'<td{mark} style="{style}">{decimal(value, 2)}</td>')
        rows.append(f"<tr>{''.join(parts)}</tr>")
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{caption}"><table class="cells">'
        f"<caption>{caption}</caption>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def workings(*parts: str) -> str:
    """Return squares and the signs between them side by side."""
    shown = (part if part[0] == "<" else f'<span class="sign">{part}</span>' for part in parts)
    return f'<div class="workings">{"".join(shown)}</div>'


def adding(rows: Sequence[tuple[str, float]], digits: int = 4) -> str:
    """Return what is added up, and in the last row the sum."""
    shown = [(words, decimal(value, digits)) for words, value in rows]
    return f'<div class="sum">{markup.table(("Part", "Number"), shown, numbers=1)}</div>'


def still(image: np.ndarray, alt: str) -> str:
    """Return a picture with crisp pixels."""
    return f'<img class="still" src="{markup.source(image)}" alt="{alt}">'
