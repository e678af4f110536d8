"""What is no digit and yet comes before a reader: what splitting a number leaves, taps, fillings.

Strokes are `strokes.Drawing`'s: the longer side is 1000, y down. Pens and canvases are in pixels.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from recognizer.imaging.strokes import CANVAS_SIZE, render, render_paths
from recognizer.imaging.synthesis import ANYHOW, SIDE, box

OVERLAP = (-0.35, 0.04)  # gap between merged digits, in parts of the narrower one's width
SHARE_CUT_OFF = (0.35, 0.65)  # of a digit's extent across the cut
PIECE = (0.15, 0.45)  # length of a piece, in parts of its stroke
LEAST_POSITIONS = 3  # of a piece
TAP = 0.5  # longest way of the pen in a tap, in parts of its width
FILLED_SIDE = (0.15, 1.0)  # of a filling, in parts of the canvas
FEWEST_LINES = 6  # of hatching: fewer are a 2, a 3 or a Z
SLIMMEST = 0.5  # of a filling, shorter to longer side; a slimmer one is a 1 by a broad pen

Strokes = list[np.ndarray]


def merged(first: Sequence[np.ndarray], second: Sequence[np.ndarray], rng) -> Strokes:
    """Return two digits that touch or overlap, as quick writing and failed splits leave them."""
    (left, _), (right, _) = box(first), box(second)
    widths = [float(np.ptp(np.concatenate(one), axis=0)[0]) for one in (first, second)]
    gap = rng.uniform(*OVERLAP) * max(min(widths), 0.2 * SIDE)
    step = np.array([left[0] + widths[0] - right[0] + gap, rng.normal(0, 0.06) * SIDE])
    return [*first, *(stroke + step.astype(np.float32) for stroke in second)]


def half(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> Strokes:
    """Return what lies on one side of a cut: mostly upright, sometimes level or slanted.

    A cut that leaves nothing on that side gives the other side.
    """
    angle = rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)], p=[0.55, 0.25, 0.2])
    across = np.array([np.cos(angle), np.sin(angle)])
    places = [stroke @ across for stroke in strokes]
    low, high = np.concatenate(places).min(), np.concatenate(places).max()
    cut = low + rng.uniform(*SHARE_CUT_OFF) * (high - low)
    sign = rng.choice([-1, 1])
    for side in (sign, -sign):
        kept = _runs(strokes, [side * (place - cut) >= 0 for place in places])
        if kept:
            return kept
    raise AssertionError("every position lies on one of the sides")


def beside_half(first: Sequence[np.ndarray], second: Sequence[np.ndarray], rng) -> Strokes:
    """Return a digit with half of its neighbour: a number that was split in the wrong place."""
    pair = (first, half(second, rng)) if rng.random() < 0.5 else (half(first, rng), second)
    return merged(*pair, rng)


def piece(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> Strokes:
    """Return a short run of one stroke, of `LEAST_POSITIONS` at least where it has so many."""
    stroke = strokes[rng.integers(len(strokes))]
    steps = np.linalg.norm(np.diff(stroke, axis=0), axis=1)
    way = np.concatenate([[0.0], np.cumsum(steps)])
    length = rng.uniform(*PIECE) * way[-1]
    start = rng.uniform(0, way[-1] - length)
    first = int(np.searchsorted(way, start))
    last = max(int(np.searchsorted(way, start + length)), first + LEAST_POSITIONS)
    return [stroke[min(first, max(0, len(stroke) - LEAST_POSITIONS)) : last]]


def tap(rng: np.random.Generator) -> np.ndarray:
    """Return a canvas on which the pen was put down and hardly moved."""
    pen = rng.uniform(*ANYHOW.pen)
    wander = np.cumsum(rng.normal(0, 1, (rng.integers(1, 5), 2)), axis=0)
    side = rng.uniform(0, TAP) * pen if len(wander) > 1 else 0.0
    return render([wander], pen=pen, side=side, place=tuple(rng.uniform(0, 1, 2)))


def filled(rng: np.random.Generator) -> np.ndarray:
    """Return a canvas of which a part is filled: a block, an oval, or dense hatching."""
    longer = rng.uniform(*FILLED_SIDE) * CANVAS_SIZE
    sides = np.array([longer, longer * rng.uniform(SLIMMEST, 1)])
    width, height = sides if rng.random() < 0.5 else sides[::-1]
    left, top = rng.uniform(0, 1, 2) * (CANVAS_SIZE - width, CANVAS_SIZE - height)
    kind = rng.integers(3)
    if kind == 2:
        return _hatched(left, top, width, height, rng)
    canvas = np.full((CANVAS_SIZE, CANVAS_SIZE), 255, np.uint8)
    corners = [round(left), round(top)], [round(left + width), round(top + height)]
    if kind == 0:
        cv2.rectangle(canvas, *corners, 0, cv2.FILLED)
    else:
        centre = round(left + width / 2), round(top + height / 2)
        axes = round(width / 2), round(height / 2)
        cv2.ellipse(canvas, centre, axes, 0, 0, 360, 0, cv2.FILLED, cv2.LINE_AA)
    return canvas


def _hatched(left: float, top: float, width: float, height: float, rng) -> np.ndarray:
    """Return a canvas with lines to and fro, nearly as close as the pen is wide."""
    pen = rng.uniform(*ANYHOW.pen)
    lines = max(FEWEST_LINES, round(height / (pen * rng.uniform(0.5, 1.2))))
    y = top + np.linspace(0, height, lines) + rng.normal(0, 0.1 * pen, lines)
    x = left + np.where(np.arange(lines) % 2, width, 0) + rng.normal(0, 0.3 * pen, lines)
    path = np.stack([x, y], axis=1)
    if rng.random() < 0.5:
        path = np.stack([y, x], axis=1)  # upright lines
    return render_paths([path], [pen], CANVAS_SIZE)


def _runs(strokes: Sequence[np.ndarray], kept: Sequence[np.ndarray]) -> Strokes:
    """Return the runs of positions that are kept, each a stroke."""
    found = []
    for stroke, here in zip(strokes, kept, strict=True):
        edges = np.flatnonzero(np.diff(here)) + 1
        runs = zip(np.split(stroke, edges), np.split(here, edges), strict=True)
        found += [run for run, inside in runs if inside[0]]
    return found


OF_ONE: tuple[Callable[..., Strokes], ...] = (half, piece)
OF_TWO: tuple[Callable[..., Strokes], ...] = (merged, beside_half)
