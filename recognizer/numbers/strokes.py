"""A line that was drawn: its strokes as pieces, those that hold several digits cut.

A stroke that is wider than one digit may be cut where what was drawn before lies to the left of
what was drawn after.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from recognizer import trajectory
from recognizer.numbers.pieces import Pieces, line_middle
from recognizer.preprocessing import DIGIT_SIDE, centre

PEN = 0.11  # of a character's longer side: the pen's width that its picture is drawn with
_FINE = 4  # sub-pixels a pixel of the 20 that a digit's longer side has
_SHIFT = 4  # fractional bits of OpenCV's coordinates
_CUT_WIDTH = 0.75  # line heights: a narrower stroke is never cut
_CUT_OVERLAP = 0.35  # line heights that the parts of a cut stroke may overlap
_CUT_SIDE = 0.3  # line heights: the longer side of each part, at least
_CUTS = 5  # of one stroke, at most
_OUTLINE = 32  # positions of a piece that distances are measured from
_STEP = 0.05  # line heights between two positions that are looked at


def stroke_pieces(
    strokes: Sequence[np.ndarray], height: float, slope: float, numbers: np.ndarray | None = None
) -> Pieces:
    """Return one line's strokes as pieces.

    Args:
        strokes: arrays of shape (n, 2), in pixels.
        height: of the line's digits, in pixels.
        slope: of the line, dy / dx.
        numbers: array of shape (n,), int: of each stroke in the drawing; None: as they stand.
    """
    parts = [
        (number, part) for number, stroke in enumerate(strokes) for part in _cut(stroke, height)
    ]
    parts.sort(key=lambda part: part[1][:, 0].min() + part[1][:, 0].max())
    boxes = np.array([np.concatenate([p.min(axis=0), p.max(axis=0)]) for _, p in parts])
    paths = [part for _, part in parts]
    own = np.array([number for number, _ in parts])

    def image(first: int, last: int) -> np.ndarray:
        return draw_character(paths[first:last], height)

    return Pieces(
        boxes=boxes.astype(float),
        parts=own,
        height=height,
        middle=line_middle(boxes, height, slope),
        outlines=tuple(sampled(_resampled(path, _STEP * height)) for path in paths),
        image=image,
        numbers=own if numbers is None else numbers[own],
        paths=tuple(trajectory.sample(path, trajectory.STEP * height) for path in paths),
    )


def sampled(path: np.ndarray) -> np.ndarray:
    """Return at most `_OUTLINE` positions of a path, evenly chosen, both ends among them."""
    if len(path) <= _OUTLINE:
        return path
    return path[np.linspace(0, len(path) - 1, _OUTLINE).round().astype(int)]


def draw_character(paths: Sequence[np.ndarray], height: float) -> np.ndarray:
    """Return paths as one character in MNIST's form, (28, 28) uint8; as if drawn with one pen.

    Args:
        paths: arrays of shape (n, 2), in pixels.
        height: of the line; a mark that is much smaller is not blown up to hairlines.
    """
    points = np.concatenate(paths)
    low, high = points.min(axis=0), points.max(axis=0)
    longer = max(float((high - low).max()), 0.05 * height, 1e-6)
    pen = PEN * longer
    scale = _FINE * DIGIT_SIDE / (longer + pen)
    width, tall = np.maximum(1, np.rint((high - low + pen) * scale / _FINE)).astype(int)
    fine = np.zeros((tall * _FINE, width * _FINE), np.uint8)
    for path in paths:
        corners = np.rint(((path - low + pen / 2) * scale - 0.5) * 2**_SHIFT).astype(np.int32)
        corners = np.concatenate([corners[:1], corners])
        cv2.polylines(fine, [corners], False, 255, max(1, round(pen * scale)), cv2.LINE_8, _SHIFT)
    small = cv2.resize(fine, (int(width), int(tall)), interpolation=cv2.INTER_AREA)
    return centre(cv2.convertScaleAbs(small, alpha=255 / max(1, cv2.minMaxLoc(small)[1])))


def _cut(stroke: np.ndarray, height: float) -> list[np.ndarray]:
    """Return the parts of a stroke between the places where it may be cut."""
    if np.ptp(stroke[:, 0]) < _CUT_WIDTH * height or len(stroke) < 4:
        return [stroke]
    path = _resampled(stroke, _STEP * height)
    places = _cut_places(path, height)
    return [path[a : b + 1] for a, b in zip([0, *places], [*places, len(path) - 1], strict=True)]


def _resampled(stroke: np.ndarray, step: float) -> np.ndarray:
    """Return the stroke with positions at most `step` apart, its own positions kept."""
    way = np.diff(stroke, axis=0)  # (n - 1, 2)
    counts = np.maximum(1, np.ceil(np.hypot(*way.T) / step)).astype(int)
    each = np.repeat(np.arange(len(way)), counts)
    ends = np.cumsum(counts)
    share = (np.arange(len(each)) - np.repeat(ends - counts, counts) + 1) / counts[each]
    return np.concatenate([stroke[:1], stroke[:-1][each] + way[each] * share[:, None]])


def _cut_places(path: np.ndarray, height: float) -> list[int]:
    """Return the positions to cut at: where before and after overlap least, at most `_CUTS`."""
    low, high = np.minimum.accumulate(path), np.maximum.accumulate(path)  # (n, 2)
    low_after = np.minimum.accumulate(path[::-1])[::-1]
    high_after = np.maximum.accumulate(path[::-1])[::-1]
    overlap = high[:, 0] - low_after[:, 0]  # (n,), 0 where everything before is to the left
    side = np.minimum((high - low).max(axis=1), (high_after - low_after).max(axis=1))
    allowed = (overlap <= _CUT_OVERLAP * height) & (side >= _CUT_SIDE * height)
    room = int(np.ceil(0.25 / _STEP))
    places: list[int] = []
    order = np.argsort(overlap, kind="stable")
    for place in order[allowed[order]].tolist():
        if len(places) == _CUTS:
            break
        if all(abs(place - other) >= room for other in places):
            places.append(place)
    return sorted(places)
