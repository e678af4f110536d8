"""The many ways in which one drawing could have been written: other hands, other styles, no digit.

What a network learns from. Coordinates are `drawings.Drawing`'s: the longer side is 1000, y down.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from recognizer.imaging.strokes import Condition, Drawing
from recognizer.records import IMAGE_SIZE

ANYHOW = Condition(side=(0.25, 0.85), pen=(5, 33), place=(0, 1))  # wider than any that is measured
SIDE = 1000.0  # of a drawing
TURN, SHEAR, ASPECT = np.radians(5), 0.1, 0.1  # standard deviations; of the aspect's logarithm
WAVES, WAVE_HEIGHT = 3, 0.022 * SIDE  # of a hand's unevenness: how many, standard deviation of each
JITTER = 0.004 * SIDE  # of a pointer that trembles, standard deviation
SLOWEST_FIRST = (1, 1, 2, 3)  # a quick pen leaves every second or third position only
STYLED = 0.15  # share of the 0, 1 and 7 that get a slash, a flag or foot, a bar

WARP_GRID = 4  # knots a side of the field that a scan is warped by
WARP = 0.6  # pixels, standard deviation at a knot


def rewritten(drawing: Drawing, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the strokes as another hand might have written the same character."""
    strokes = list(drawing.strokes)
    add = _STYLES.get(drawing.label)
    if add and rng.random() < STYLED:
        strokes = add(strokes, rng)
    return varied(strokes, rng)


def varied(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Turn, slant, stretch and bend strokes a little, with a pen that trembles or hurries."""
    every = rng.choice(SLOWEST_FIRST)
    thinned = [np.concatenate([stroke[:-1:every], stroke[-1:]]) for stroke in strokes]
    middle = SIDE / 2
    angle, shear, aspect = rng.normal(0, (TURN, SHEAR, ASPECT))
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    slant = np.array([[np.exp(aspect / 2), -shear], [0, np.exp(-aspect / 2)]])
    bend = _waves(rng)
    moved = []
    for stroke in thinned:
        points = bend(stroke.astype(np.float64)) - middle
        points += rng.normal(0, JITTER, points.shape)
        moved.append((points @ (turn @ slant).T + middle).astype(np.float32))
    return moved


def _waves(rng: np.random.Generator):
    """Return a function that displaces points (n, 2) by a few long waves across the drawing."""
    direction = rng.normal(0, 1, (WAVES, 2))
    direction *= rng.uniform(0.4, 1.3, (WAVES, 1)) / np.linalg.norm(direction, axis=1)[:, None]
    phase = rng.uniform(0, 2 * np.pi, WAVES)
    height = rng.normal(0, WAVE_HEIGHT, (WAVES, 2))

    def bend(points: np.ndarray) -> np.ndarray:
        return points + np.sin(2 * np.pi * points / SIDE @ direction.T + phase) @ height

    return bend


def box(strokes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest x and y of strokes: two arrays of shape (2,)."""
    points = np.concatenate(strokes)
    return points.min(axis=0), points.max(axis=0)


def _line(start: Sequence[float], end: Sequence[float]) -> np.ndarray:
    return np.linspace(start, end, 8).astype(np.float32)


def _arc(start: Sequence[float], end: Sequence[float], up: float) -> np.ndarray:
    """Return a line that is higher by about `up` in its middle."""
    line = _line(start, end)
    line[:, 1] -= 4 * up * np.linspace(0, 1, len(line)) * np.linspace(1, 0, len(line))
    return line


def _slashed(strokes: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Put a slash through a zero, from the lower left to the upper right, or level."""
    low, high = box(strokes)
    wide, tall = np.maximum(high - low, 1)
    out, up = rng.uniform(-0.15, 0.3), rng.uniform(-0.1, 0.2)  # beyond the zero's box, or within
    rise = 0.4 + up if rng.random() < 0.7 else rng.normal(0, 0.08)  # of the height, either way
    middle = (low[1] + high[1]) / 2
    start = (low[0] - out * wide, middle + rise * tall)
    end = (high[0] + out * wide, middle - rise * tall)
    return [*strokes, _line(start, end)]


def _barred(strokes: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Put a bar through the stem of a seven that has none."""
    if len(strokes) > 1:
        return strokes
    low, high = box(strokes)
    wide, tall = np.maximum(high - low, 1)
    y = low[1] + rng.uniform(0.42, 0.6) * tall
    stem = strokes[0][np.abs(strokes[0][:, 1] - y).argmin(), 0]
    half = rng.uniform(0.2, 0.4) * max(wide, 0.4 * tall)
    tilt = rng.normal(0, 0.04) * tall
    return [*strokes, _line((stem - half, y + tilt), (stem + half, y - tilt))]


def _served(strokes: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Give a one that is a bare stem a flag, a foot or both."""
    low, high = box(strokes)
    wide, tall = high - low
    if len(strokes) > 1 or wide > 0.3 * tall:
        return strokes
    stem = strokes[0]
    top, bottom = stem[stem[:, 1].argmin()], stem[stem[:, 1].argmax()]
    more = []
    kind = rng.integers(3)
    if kind != 1:
        away = rng.uniform(0.15, 0.5) * tall
        fall = away * rng.uniform(0.5, 1.3)
        bulge = rng.uniform(-0.1, 0.5) * away  # a hooked flag is nearly a 7's bar
        more.append(_arc((top[0] - away, top[1] + fall), top, bulge))
    if kind != 0:
        half = rng.uniform(0.15, 0.3) * tall
        more.append(_line((bottom[0] - half, bottom[1]), (bottom[0] + half, bottom[1])))
    return [*more, *strokes]


_STYLES = {"0": _slashed, "1": _served, "7": _barred}


def pair(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray], rng: np.random.Generator
) -> list[np.ndarray]:
    """Return two digits written side by side: not one digit."""
    (_, right), (left, _) = box(first), box(second)
    gap = rng.uniform(0.05, 0.4) * SIDE
    step = np.array([right[0] - left[0] + gap, rng.normal(0, 0.08) * SIDE], np.float32)
    return [*first, *(stroke + step for stroke in second)]


def linked(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Return a digit as it is cut from a number written in one go: with a link to a neighbour."""
    strokes = list(strokes)
    side = max(float(np.ptp(np.concatenate(strokes), axis=0).max()), 1.0)
    for end, direction in ((0, -1), (-1, 1)):
        if rng.random() < 0.5:
            start = strokes[end][end]
            far = start + side * np.array([direction * rng.uniform(0.1, 0.4), rng.normal(0, 0.2)])
            link = _arc(start, far, rng.normal(0, 0.1) * side)
            strokes[end] = np.concatenate(
                [link[:0:-1], strokes[end]] if end == 0 else [strokes[end], link[1:]]
            )
    return strokes


def scribble(rng: np.random.Generator) -> list[np.ndarray]:
    """Return a scrawl, a zigzag, a cross or a dash: not a digit."""
    kind = rng.integers(4)
    if kind == 0:  # a pen that wanders, with many turns
        knots = rng.uniform(0, SIDE, (rng.integers(8, 25), 2))
        return [_rounded(knots)]
    if kind == 1:
        n = rng.integers(5, 12)
        across = np.linspace(0, SIDE, n) + rng.normal(0, 0.03 * SIDE, n)
        height = SIDE * np.where(np.arange(n) % 2, rng.uniform(0.3, 1), 0)
        knots = np.stack([across, height + rng.normal(0, 0.04 * SIDE, n)], axis=1)
        angle = rng.uniform(0, np.pi)
        cos, sin = np.cos(angle), np.sin(angle)
        return [(knots @ np.array([[cos, sin], [-sin, cos]])).astype(np.float32)]
    if kind == 2:
        return _cross(rng)
    tilt = rng.normal(0, 0.08) * SIDE
    return [_line((0, tilt), (SIDE, -tilt))]


def _cross(rng: np.random.Generator) -> list[np.ndarray]:
    first = rng.uniform(0, np.pi)
    strokes = []
    for angle in (first, first + np.pi / 2 + rng.normal(0, 0.15)):
        half = SIDE / 2 * rng.uniform(0.8, 1)
        reach = half * np.array([np.cos(angle), np.sin(angle)])
        centre = SIDE / 2 + rng.normal(0, 0.04 * SIDE, 2)
        strokes.append(_line(centre - reach, centre + reach))
    return strokes


def _rounded(knots: np.ndarray) -> np.ndarray:
    """Return a path near the knots (n, 2), its corners cut twice (Chaikin, 1974)."""
    for _ in range(2):
        near, far = 0.75 * knots[:-1] + 0.25 * knots[1:], 0.25 * knots[:-1] + 0.75 * knots[1:]
        knots = np.stack([near, far], axis=1).reshape(-1, 2)
    return knots.astype(np.float32)


def warped(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bend a scan, as if written by a less even hand (Simard, Steinkraus & Platt, 2003).

    Args:
        image: array of shape (28, 28), uint8.
        rng: decides how.
    """
    knots = rng.normal(0, WARP, (WARP_GRID, WARP_GRID, 2)).astype(np.float32)
    size = (IMAGE_SIZE, IMAGE_SIZE)
    field = cv2.resize(knots, size, interpolation=cv2.INTER_CUBIC)  # (28, 28, 2)
    y, x = np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE].astype(np.float32)
    return cv2.remap(image, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR, borderValue=0)
