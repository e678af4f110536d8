"""Pen drawings: read from a file, split by the people who drew them, rendered as the browser does.

rng = np.random.default_rng(1)
for drawing in read_drawings("strokes-train.jsonl.gz"):
    canvas = draw(drawing.strokes, CONDITIONS["random"], rng)  # (280, 280), black on white
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from recognizer.errors import DataError, reason

CANVAS_SIZE = 280  # pixels a side
CROWDS = ("pendigits",)  # sources whose one writer's name stands for many people
SHARES = (0.8, 0.9)  # writers hashed below the first train, below the second choose, others report

_FIELDS = ("label", "writer", "source", "strokes")
_FINE = 4  # sub-pixels a pixel while drawing: 16 levels of grey on an edge, as in a browser
_SHIFT = 4  # fractional bits of OpenCV's coordinates
_CURVE_STEPS = np.linspace(0, 1, 9)[1:, None]  # places on each curve between two mid-points


@dataclass(frozen=True, eq=False)
class Drawing:
    """What one person drew.

    Attributes:
        label: the character meant, one letter or digit; in a file of numbers, all of them.
        writer: who drew it.
        source: the collection it is from.
        strokes: arrays of shape (n, 2), float32: pen positions in drawing order, x to the right,
            y down, the longer side of the drawing 1000 long. A stroke of one position is a dot.
    """

    label: str
    writer: str
    source: str
    strokes: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Condition:
    """How a drawing comes onto the canvas; of each range a value is drawn evenly.

    Attributes:
        side: longer side of the pen's path, in parts of the canvas.
        pen: width of the pen, in pixels of a 280-pixel canvas.
        angle: turn to the right, in degrees.
        place: where the drawing lies in the room the canvas leaves it, x and y: 0 is at the left
            or top edge, 1 at the right or bottom.
    """

    side: tuple[float, float] = (0.7, 0.7)
    pen: tuple[float, float] = (20, 20)
    angle: tuple[float, float] = (0, 0)
    place: tuple[float, float] = (0.5, 0.5)


CONDITIONS = {
    "centred": Condition(),
    "thin": Condition(pen=(6, 6)),
    "fat": Condition(pen=(30, 30)),
    "rotated": Condition(angle=(-15, 15)),
    "corner": Condition(side=(0.28, 0.28), pen=(14, 14), place=(0.03, 0.03)),
    "random": Condition(side=(0.3, 0.8), pen=(8, 30), place=(0, 1)),
}


def read_drawings(path: str | Path, *, numbers: bool = False) -> list[Drawing]:
    """Read a file of drawings, one JSON object a line.

    Args:
        path: a `.jsonl` or `.jsonl.gz` file.
        numbers: whether labels are of one or more characters; otherwise of exactly one.

    Raises:
        DataError: the file is missing or damaged, or a line is not a drawing; the line is named.
    """
    path = Path(path)
    opened = gzip.open if path.suffix == ".gz" else open
    drawings = []
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                drawings.append(_parse(line, f"Line {number} of {path.name}", numbers))
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(
            f"{path.name} cannot be read ({reason(error)}); expected a .jsonl or .jsonl.gz file of "
            "drawings: fetch it again."
        ) from error
    return drawings


def _parse(line: str, where: str, numbers: bool) -> Drawing:
    """Return the drawing in one line; `where` begins the message when there is none."""
    try:
        fields = json.loads(line)
        if not isinstance(fields, dict) or set(fields) != set(_FIELDS):
            raise ValueError("other fields")
        texts = [fields[name] for name in _FIELDS[:3]]
        if not all(isinstance(text, str) and text for text in texts) or (
            len(texts[0]) != 1 and not numbers
        ):
            raise ValueError("a label, writer or source that is not a text")
        strokes = tuple(_positions(stroke) for stroke in fields["strokes"])
        if not strokes:
            raise ValueError("no stroke")
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DataError(
            f'{where} has {reason(error)}; expected {{"label": "7", "writer": "...", '
            '"source": "...", "strokes": [[[x, y], ...], ...]}: fix or remove the line.'
        ) from error
    return Drawing(*texts, strokes)


def _positions(stroke: list) -> np.ndarray:
    """Return one stroke as an array of shape (n, 2), float32."""
    positions = np.asarray(stroke)
    if positions.dtype.kind not in "iuf" or positions.ndim != 2 or positions.shape[1] != 2:
        raise ValueError("a stroke that is not a list of [x, y]")
    with np.errstate(over="ignore"):
        positions = positions.astype(np.float32)
    if not len(positions) or not np.isfinite(positions).all():
        raise ValueError("a stroke without positions, or with an infinite one")
    return positions


def split_writers(
    drawings: Iterable[Drawing], seed: int = 4, *, shares: tuple[float, float] = SHARES
) -> tuple[list[Drawing], list[Drawing], list[Drawing]]:
    """Split drawings by who drew them: no one is in two parts.

    A writer's part hangs on the name and the seed alone, so it is the same in every file and in
    any order. A source of many people under one name (`CROWDS`) trains.

    Returns:
        The drawings to train on (about 80 % of the writers), those that choices are made on
        (10 %) and those that are only reported on (10 %).
    """
    parts = [], [], []
    for drawing in drawings:
        share = 0.0 if drawing.source in CROWDS else _share(f"{seed} {drawing.writer}")
        parts[sum(share >= bound for bound in shares)].append(drawing)
    return parts


def _share(text: str) -> float:
    """Return a number in [0, 1) that is the same for the same text on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


def scaled(strokes: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return strokes moved and scaled as a drawing's: from 0, the longer side 1000 long."""
    points = np.concatenate(strokes)
    low = points.min(axis=0)
    scale = 1000 / max(float(np.ptp(points, axis=0).max()), 1e-6)
    return tuple(((stroke - low) * scale).astype(np.float32) for stroke in strokes)


def draw(
    strokes: Sequence[np.ndarray],
    condition: Condition,
    rng: np.random.Generator,
    *,
    size: int = CANVAS_SIZE,
) -> np.ndarray:
    """Return `strokes` rendered under a condition, an array of shape (size, size)."""
    pen = rng.uniform(*condition.pen) * size / CANVAS_SIZE
    side = rng.uniform(*condition.side) * size
    angle = rng.uniform(*condition.angle)
    place = rng.uniform(*condition.place, 2)
    return render(strokes, size=size, pen=pen, side=side, angle=angle, place=place)


def render(
    strokes: Sequence[np.ndarray],
    *,
    size: int = CANVAS_SIZE,
    pen: float = 20.0,
    side: float = 0.7 * CANVAS_SIZE,
    angle: float = 0.0,
    place: tuple[float, float] = (0.5, 0.5),
) -> np.ndarray:
    """Draw strokes as the browser's canvas does: round, anti-aliased, black on white.

    Args:
        strokes: arrays of shape (n, 2); see `Drawing`.
        size: of the canvas, in pixels.
        pen: width in pixels.
        side: longer side of the pen's path in pixels, before it is turned.
        angle: turn to the right, in degrees.
        place: where in the room that the canvas leaves the ink, x and y from 0 to 1.

    Returns:
        array of shape (size, size), uint8: 255 is paper, 0 is ink.
    """
    strokes = _placed(strokes, size, pen, side, angle, np.asarray(place))
    return render_paths([_smooth(stroke) for stroke in strokes], [pen] * len(strokes), size)


def render_paths(
    paths: Sequence[np.ndarray], pens: Sequence[float], width: int, height: int | None = None
) -> np.ndarray:
    """Draw paths that lie on the canvas already, straight from position to position.

    Args:
        paths: arrays of shape (n, 2), n at least 1, in pixels of the canvas.
        pens: width of each in pixels.
        width: of the canvas, in pixels.
        height: likewise; None: a square.

    Returns:
        array of shape (height, width), uint8: 255 is paper, 0 is ink.
    """
    height = height or width
    fine = np.full((height * _FINE, width * _FINE), 255, np.uint8)
    for path, pen in zip(paths, pens, strict=True):
        points = np.concatenate([path[:1], path])  # OpenCV draws no line of one point
        corners = np.rint((points * _FINE - 0.5) * 2**_SHIFT).astype(np.int32)
        thick = max(1, round(pen * _FINE))  # drawn up to one sub-pixel wider
        cv2.polylines(fine, [corners], False, 0, thick, cv2.LINE_8, _SHIFT)
    return cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)


def _placed(strokes, size, pen, side, angle, place) -> list[np.ndarray]:
    """Return the strokes in pixels of the canvas: scaled, turned and moved to their place."""
    points = np.concatenate(strokes).astype(np.float64)  # (n, 2)
    scale = side / max(np.ptp(points, axis=0).max(), 1e-9)
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    points = points * scale @ np.array([[cos, sin], [-sin, cos]])  # y is down: to the right
    low, high = points.min(axis=0), points.max(axis=0)
    room = size - pen - (high - low)
    points += pen / 2 + place * room - low
    return np.split(points, np.cumsum([len(stroke) for stroke in strokes])[:-1])


def _smooth(stroke: np.ndarray) -> np.ndarray:
    """Return the path that fabric.js' pencil draws, as a polyline of shape (m, 2).

    The pencil goes from the first position to the first mid-point, on curves from mid-point to
    mid-point with the positions between as control points, and straight to the last position.
    """
    if len(stroke) < 3:
        return stroke
    middles = (stroke[:-1] + stroke[1:]) / 2
    start, control, end = middles[:-1, None], stroke[1:-1, None], middles[1:, None]
    t = _CURVE_STEPS
    curves = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end  # (n - 2, steps, 2)
    return np.concatenate([stroke[:1], middles[:1], curves.reshape(-1, 2), stroke[-1:]])
