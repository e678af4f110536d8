"""Grids of ruled cells that are no sheet of ours: found and straightened by their lines.

The outline is the largest connected drawing that four corners hold; the lines within are where rows
or columns of its straightened picture are dark along most of their length.
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

_SIDE = 1400  # longer side at which a grid is looked for
_LEAST = 0.02  # of the picture's area that a grid covers
_TRIED = 8  # outlines, the largest first
_WINDOW = 0.03  # of the longer side: the window of the adaptive threshold
_DARKER = 9  # grey levels that a line is darker than what is around it
_LENGTH = 0.75  # of a grid's width or height that a line inside it is dark along
_PIECE = 0.04  # likewise: shorter dark runs are writing
_APART = 0.018  # of the longer side: the least distance of two lines
_SPREAD = 8.0  # pixels by which a line is widened while it is looked for
_MOST = 60  # rows or columns
_SQUARE = 0.88  # of its four corners' area that an outline covers
_NEARLY = 0.5  # of the most cells in any outline: the smallest such one is the grid's own
_LARGEST = 2400  # pixels of the straightened grid's longer side


@dataclass(frozen=True, eq=False)
class Ruled:
    """A grid of ruled cells.

    Attributes:
        boxes: array of shape (rows * columns, 4), float: x, y, width and height of each cell, in
            pixels of the straightened grid.
        shape: rows and columns.
        size: width and height of the straightened grid.
        to_photo: array of shape (3, 3): from its pixels to the photo's.
        line: width of its lines, in its pixels.
    """

    boxes: np.ndarray
    shape: tuple[int, int]
    size: tuple[int, int]
    to_photo: np.ndarray
    line: float


def find_ruled(photo: np.ndarray) -> Ruled | None:
    """Return the grid with most cells in a photo, (H, W, 3) uint8; None where there is none."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, _SIDE / max(grey.shape))
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    window = max(3, round(_WINDOW * max(grey.shape))) | 1
    dark = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, window, _DARKER
    )
    outlines = _outlines(cv2.dilate(dark, np.ones((3, 3), np.uint8)))
    grids = [grid for corners in outlines if (grid := _grid(dark, corners, scale)) is not None]
    most = max((len(grid.boxes) for grid in grids), default=0)
    # Around a grid there may be the edge of the paper, which makes margins into cells.
    return next((grid for grid in grids[::-1] if len(grid.boxes) >= _NEARLY * most), None)


def _outlines(dark: np.ndarray) -> list[np.ndarray]:
    """Return the corners of large four-sided drawings, arrays of shape (4, 2), largest first."""
    contours, _ = cv2.findContours(dark, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    hulls = sorted((cv2.convexHull(one) for one in contours), key=cv2.contourArea, reverse=True)
    found = []
    for hull in hulls[: 4 * _TRIED]:
        area = cv2.contourArea(hull)
        if area < _LEAST * dark.size or len(found) == _TRIED:
            break
        around = cv2.arcLength(hull, closed=True)
        for share in (0.01, 0.02, 0.03, 0.05):
            corners = cv2.approxPolyDP(hull, share * around, closed=True).reshape(-1, 2)
            if len(corners) == 4 and cv2.contourArea(corners) >= _SQUARE * area:
                found.append(_ordered(corners.astype(np.float32)))
                break
    return found


def _ordered(corners: np.ndarray) -> np.ndarray:
    """Return four corners from the top left clockwise."""
    middle = corners.mean(axis=0)
    turn = np.arctan2(*(corners - middle).T[::-1])
    corners = corners[np.argsort(turn)]
    return np.roll(corners, -int(corners.sum(axis=1).argmin()), axis=0)


def _grid(dark: np.ndarray, corners: np.ndarray, scale: float) -> Ruled | None:
    """Return the grid within an outline; None where its lines make no cells."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    wide, tall = float(sides[[0, 2]].mean()), float(sides[[1, 3]].mean())
    room = 4.0  # pixels around it, so that its outer lines are inside
    size = round(wide + 2 * room), round(tall + 2 * room)
    if min(size) < 30:
        return None
    here = np.float32([[0, 0], [wide, 0], [wide, tall], [0, tall]]) + np.float32(room)
    back = cv2.getPerspectiveTransform(here, corners)
    level = cv2.warpPerspective(dark, back, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    rows, thick = _lines(level)
    columns, thicker = _lines(level.T.copy())
    if min(len(rows), len(columns)) < 2 or len(rows) + len(columns) < 5:
        return None
    if max(len(rows), len(columns)) > _MOST + 1:
        return None
    larger = min(1 / scale, _LARGEST / max(size))
    boxes = [
        (left, top, right - left, bottom - top)
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]
    to_photo = np.diag([1 / scale, 1 / scale, 1]) @ back @ np.diag([1 / larger, 1 / larger, 1])
    return Ruled(
        boxes=np.array(boxes) * larger,
        shape=(len(rows) - 1, len(columns) - 1),
        size=(round(size[0] * larger), round(size[1] * larger)),
        to_photo=to_photo,
        line=max(thick, thicker) * larger,
    )


def _lines(level: np.ndarray) -> tuple[list[float], float]:
    """Return where level lines are, from top to bottom, and how thick they are."""
    width = level.shape[1]
    piece = np.ones((1, max(9, round(_PIECE * width))), np.uint8)
    mask = cv2.morphologyEx(cv2.dilate(level, np.ones((3, 1), np.uint8)), cv2.MORPH_OPEN, piece)
    # A line that bends a little is still one: what is dark within three rows counts together.
    share = (cv2.dilate(mask, np.ones((7, 1), np.uint8)) > 127).mean(axis=1)
    on = np.flatnonzero(share >= _LENGTH)
    if not len(on):
        return [], 0.0
    runs = np.split(on, np.flatnonzero(np.diff(on) > 1) + 1)
    apart = max(8.0, _APART * max(level.shape))
    places, thickness = [], []
    for run in runs:
        at = float(run.mean())
        if len(run) > apart + _SPREAD:
            return [], 0.0  # a dark area, no line
        if not places or at - places[-1] >= apart:
            places.append(at)
            thickness.append(max(1.0, len(run) - _SPREAD))
    return places, float(np.median(thickness))
