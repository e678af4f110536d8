"""The ink in each cell of a straightened form, its printed border left out.

Paper is never quite flat, so each cell's border is looked for near where it should be. What is as
pale as the border is no ink; where the border is dark, ink stays where it goes on across it.
"""

from dataclasses import dataclass

import cv2
import numpy as np

_STRAY = 0.28  # of a cell's shorter side that its border may lie beside its place, at most
_STROKE = 0.30  # of a cell's shorter side: no pen is wider
_SCALE = 0.25  # at which the paper's colour is found
_FLOOR = 0.12  # contrast: less is a stain or JPEG's noise, not ink
_NOISE = 6.0  # standard deviations of the paper that ink stands out by
_EDGE = 0.35  # of the ink's usual contrast: less is a printed line, or shines through
_DARKER = 1.5  # times a border's contrast: there a pen crosses it
_DUST = 0.14  # of a cell's shorter side: a mark whose longer side is shorter is dust
_OWN = 0.5  # of a mark's ink that lies in the cell: else it is the neighbour's

Ints = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Cells:
    """What lies in the cells.

    Attributes:
        boxes: array of shape (n, 4), float: x, y, width, height of each cell's border.
        inks: arrays of uint8, 255 where ink is fullest, 0 elsewhere; None for an empty cell.
    """

    boxes: np.ndarray
    inks: list[np.ndarray | None]


def find_cells(straight: np.ndarray, boxes: np.ndarray, shape: tuple[int, int], line: float):
    """Return the ink of each cell.

    Args:
        straight: array of shape (H, W, 3), uint8: the form from above.
        boxes: array of shape (rows * columns, 4), float: x, y, width and height of each cell, in
            pixels, row by row.
        shape: rows and columns.
        line: width of the printed border, in pixels.

    Returns:
        `Cells`.
    """
    contrast = _contrast(straight, boxes)
    moved = boxes.copy()
    moved[:, :2] += _shifts(contrast, boxes, shape, line)
    inside = np.concatenate([_inside(contrast, box, line).ravel() for box in moved])
    floor = max(_FLOOR, _NOISE * 1.4826 * float(np.median(inside)))
    ink = inside[inside >= floor]
    usual = float(np.percentile(ink, 80)) if ink.size else 1.0
    least = max(floor, _EDGE * usual)
    room = _room(boxes, shape, line)
    return Cells(moved, [_ink(contrast, box, line, room, least, usual) for box in moved])


def _contrast(straight: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return how much darker than the paper around it each pixel is, (H, W), float32, 0 to 1.

    A closing takes off what is narrower than a pen's stroke can be, and keeps the edges of shadows.
    """
    height, width = straight.shape[:2]
    reach = max(5, round(_STROKE * _SCALE * float(boxes[:, 2:].min())) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    darkest = np.zeros((height, width), np.float32)
    for channel in cv2.split(cv2.GaussianBlur(straight, (3, 3), 0)):
        small = cv2.resize(channel, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_AREA)
        paper = cv2.medianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel), 5)
        paper = cv2.GaussianBlur(paper, (0, 0), 2)
        paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
        share = cv2.divide(channel, cv2.max(paper, 30), dtype=cv2.CV_32F)
        darkest = cv2.max(darkest, 1 - share)
    return darkest


def _shifts(
    contrast: np.ndarray, boxes: np.ndarray, shape: tuple[int, int], line: float
) -> np.ndarray:
    """Return how far each cell's border lies beside its place, array of shape (n, 2).

    Both sides of a border must be dark at a shift: one alone may be the neighbour's, or ink.
    """
    stray = max(2, round(_STRAY * float(boxes[:, 2:].min())))
    found = np.zeros((len(boxes), 2), np.float32)
    for number, box in enumerate(boxes):
        x, y, wide, tall = np.rint(box).astype(int)
        for axis, (start, side) in enumerate(((x, wide), (y, tall))):
            across = slice(y + tall // 8, y + tall - tall // 8)
            if axis == 1:
                across = slice(x + wide // 8, x + wide - wide // 8)
            low, high = max(0, start - stray), start + side + stray + 1
            band = contrast[across, low:high] if axis == 0 else contrast[low:high, across].T
            band = cv2.blur(np.ascontiguousarray(band), (max(1, round(line)), 1))
            # A border is dark along nearly all of a side; ink, along a part of it.
            profile = np.partition(band, len(band) // 4, axis=0)[len(band) // 4]
            found[number, axis] = _shift(profile, start - low, side, stray)
    grid = found.reshape(*shape, 2)
    return np.stack([cv2.medianBlur(grid[..., k].copy(), 3) for k in (0, 1)], axis=2).reshape(-1, 2)


def _shift(profile: np.ndarray, start: int, side: int, stray: int) -> float:
    """Return the shift at which a profile is dark at the start and a side further; 0 for none."""
    shifts = np.arange(-min(stray, start), min(stray, len(profile) - 1 - start - side) + 1)
    if not len(shifts):
        return 0.0
    both = np.minimum(profile[start + shifts], profile[start + side + shifts])
    both = both - 0.002 * np.abs(shifts) / max(1, stray)
    best = int(both.argmax())
    return float(shifts[best]) if both[best] > _FLOOR / 3 else 0.0


def _inside(contrast: np.ndarray, box: np.ndarray, line: float) -> np.ndarray:
    """Return the part of a cell that its border does not reach."""
    x, y, wide, tall = np.rint(box).astype(int)
    room = 2 * max(1, round(line))
    return contrast[max(0, y + room) : y + tall - room, max(0, x + room) : x + wide - room]


def _room(boxes: np.ndarray, shape: tuple[int, int], line: float) -> int:
    """Return how far around a cell its ink is looked for: half the gap to its neighbours."""
    rows, columns = shape
    gaps = [2.0 * line]
    if columns > 1:
        gaps.append(boxes[1, 0] - boxes[0, 0] - boxes[0, 2])
    if rows > 1:
        gaps.append(boxes[columns, 1] - boxes[0, 1] - boxes[0, 3])
    return max(0, int(min(gaps) / 2 - line / 2)) if min(gaps) > 2 * line else 0


def _ink(
    contrast: np.ndarray, box: np.ndarray, line: float, room: int, least: float, usual: float
) -> np.ndarray | None:
    """Return one cell's ink, cropped to it; None where there is none."""
    x, y, wide, tall = np.rint(box).astype(int)
    left, top = max(0, x - room), max(0, y - room)
    part = contrast[top : y + tall + room, left : x + wide + room]
    mask = (part >= least) & ~_border(part, (x - left, y - top, wide, tall), line, usual)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), ltype=cv2.CV_32S
    )
    short = min(wide, tall)
    inner = np.zeros(mask.shape, bool)
    inner[y - top : y - top + tall, x - left : x - left + wide] = True
    own = np.bincount(labels[inner], minlength=count)
    keep = stats[:, 2:4].max(axis=1) >= _DUST * short
    keep &= own >= _OWN * stats[:, 4]
    keep[0] = False
    mask = keep[labels]
    if not mask.any():
        return None
    ink = cv2.convertScaleAbs(part, alpha=255 / usual) * mask
    across, down, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return ink[down : down + height, across : across + width]


def _border(part: np.ndarray, box: Ints, line: float, usual: float) -> np.ndarray:
    """Return where the printed border is, and no pen crosses it; bool."""
    x, y, wide, tall = box
    reach = round(line) + 1
    found = np.zeros(part.shape, bool)
    for at, axis in ((x, 1), (x + wide, 1), (y, 0), (y + tall, 0)):
        band = slice(max(0, at - reach), at + reach + 1)
        strip = part[:, band] if axis == 1 else part[band]
        if not strip.size:
            continue
        printed = float(np.median(strip.max(axis=axis)))
        mark = strip < max(_DARKER * printed, 0.6 * usual)
        if axis == 1:
            found[:, band] |= mark
        else:
            found[band] |= mark
    return found
