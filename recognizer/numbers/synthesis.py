"""Lines of digits made from single drawings of one writer: close, touching and overlapping.

rng = np.random.default_rng(1)
text, strokes = compose(drawings_of_one_writer, "##/##", rng)   # "47/20", arrays of (n, 2)
"""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

HEIGHT = 100.0  # of a digit, in units of the strokes that are returned
_FINE = 4  # sub-pixels a pixel while drawing
_TOUCHING = 0.35  # share of lines whose digits are written tightly

Strokes = Sequence[np.ndarray]


def compose(
    digits: Mapping[str, Sequence[Strokes]],
    pattern: str,
    rng: np.random.Generator,
    *,
    linked: float = 0.0,
) -> tuple[str, list[np.ndarray]]:
    """Return a line and its text.

    Args:
        digits: label -> drawings of it by one writer, of any size.
        pattern: # for a digit that the writer has, - / . , : for themselves.
        rng: decides which digits, their places and their sizes.
        linked: share of the neighbouring digits written in one go, where one ends near the next.
    """
    spacing = rng.normal(0.05, 0.08) if rng.random() < _TOUCHING else rng.uniform(0.1, 0.6)
    slope, at = rng.normal(0, 0.04), 0.0
    text, strokes = "", []
    for character in pattern:
        label = str(rng.choice(sorted(digits))) if character == "#" else character
        drawn = digits[label][rng.integers(len(digits[label]))] if label in digits else None
        placed = mark(label, rng) if drawn is None else _sized(drawn, rng)
        gap = (spacing + rng.normal(0, 0.08)) * HEIGHT if text else 0.0
        low = np.concatenate(placed)[:, 0].min()
        shift = np.array([at + gap - low, slope * at])
        placed = [(stroke + shift).astype(np.float32) for stroke in placed]
        at = max(at, float(np.concatenate(placed)[:, 0].max()))
        is_near = strokes and (text[-1] + label).isdigit() and _is_near(strokes[-1], placed[0])
        if is_near and linked and rng.random() < linked:
            strokes[-1] = np.concatenate([strokes[-1], placed.pop(0)])
        text += label
        strokes += placed
    return text, strokes


def _is_near(before: np.ndarray, after: np.ndarray) -> bool:
    """Return whether a pen may go on from a digit to the next one without being lifted."""
    way = after[0] - before[-1]
    return bool(way[0] > 0 and np.hypot(*way) < 0.8 * HEIGHT)


def _sized(drawn: Strokes, rng: np.random.Generator) -> list[np.ndarray]:
    """Return a drawing of about `HEIGHT` that stands on y = 0, a little up or down."""
    points = np.concatenate(drawn)
    low, high = points.min(axis=0), points.max(axis=0)
    wide, tall = np.maximum(high - low, 1)
    scale = HEIGHT * rng.normal(1, 0.08) / max(tall, 0.8 * wide)
    base = np.array([low[0], high[1]])
    return [(stroke - base) * scale + [0, rng.normal(0, 0.06) * HEIGHT] for stroke in drawn]


def mark(label: str, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the strokes of one of - / . , : as a pen writes it, on a line of `HEIGHT`."""
    if label == "-":
        half, tilt = rng.uniform(0.1, 0.3), rng.normal(0, 0.03)
        y = -rng.normal(0.48, 0.07)
        return [_line((-half, y + tilt), (half, y - tilt), rng)]
    if label == "/":
        lean, tall = rng.uniform(0.08, 0.55), rng.uniform(0.75, 1.35)
        base = rng.normal(0.05, 0.08)
        ends = (lean, base - tall), (0, base)
        return [_line(*(ends if rng.random() < 0.7 else ends[::-1]), rng)]
    if label == ",":
        return [_line((0, rng.normal(-0.05, 0.04)), (-rng.uniform(0.03, 0.12),
                rng.normal(0.15, 0.05)), rng)]  # fmt: skip
    if label == ".":
        return [_dot(-abs(rng.normal(0, 0.05)), rng)]
    return [_dot(-rng.normal(0.7, 0.07), rng), _dot(-rng.normal(0.15, 0.07), rng)]


def _dot(y: float, rng: np.random.Generator) -> np.ndarray:
    reach = rng.uniform(0, 0.06)
    angle = rng.uniform(0, 2 * np.pi)
    end = reach * np.cos(angle), y + reach * np.sin(angle)
    return _line((0, y), end, rng) if reach > 0.02 else np.array([[0.0, y * HEIGHT]])


def _line(start: Sequence[float], end: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """Return a nearly straight stroke of eight positions, given in line heights."""
    path = np.linspace(start, end, 8)
    away = np.array([end[1] - start[1], start[0] - end[0]])
    bend = rng.normal(0, 0.04) * np.sin(np.linspace(0, np.pi, 8))
    return (path + bend[:, None] * away) * HEIGHT


def draw_line(strokes: Strokes, height: float, pen: float, margin: int = 20) -> np.ndarray:
    """Return strokes as a picture, black on white, (h, w) uint8, as a browser's canvas draws them.

    Args:
        strokes: arrays of shape (n, 2), y down.
        height: of all strokes together, in pixels.
        pen: width in pixels.
        margin: pixels of paper around the ink.
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = height / max(float((high - low)[1]), 1e-6)
    width, tall = np.ceil((high - low) * scale + 2 * margin + pen).astype(int)
    fine = np.full((tall * _FINE, width * _FINE), 255, np.uint8)
    for stroke in strokes:
        path = (stroke - low) * scale + margin + pen / 2
        corners = np.rint((path * _FINE - 0.5) * 16).astype(np.int32)
        corners = np.concatenate([corners[:1], corners])
        cv2.polylines(fine, [corners], False, 0, max(1, round(pen * _FINE)), cv2.LINE_8, 4)
    return cv2.resize(fine, (int(width), int(tall)), interpolation=cv2.INTER_AREA)
