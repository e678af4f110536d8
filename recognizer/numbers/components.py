"""A line in a picture: its connected components as pieces, those that are wide cut.

A component that is wider than one digit may hold two that touch. It is cut along the way from top
to bottom that crosses the least ink, near a place where its columns hold little.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from recognizer.errors import PictureError
from recognizer.numbers.lines import find_lines
from recognizer.numbers.pieces import Pieces, line_middle
from recognizer.preprocessing import from_ink

MOST = 800  # components of a page
_DUST = 0.02  # of the longest component's longer side: what is shorter is dust
_SPECK = 0.08  # line heights: a component whose longer side is shorter is dust
_FRAGMENT = 0.15  # line heights: a smaller component belongs to the one that it nearly touches
_TOUCHING = 0.04  # line heights
_CUT_WIDTH = 0.75  # line heights: a narrower component is never cut
_CUT_SIDE = 0.18  # line heights: the width of each part, at least
_CUTS = 5  # of one component
_SWAY = 0.18  # line heights that a cut may go to the left and right
_OUTLINE = 40  # positions of a piece that distances are measured from


@dataclass(frozen=True, eq=False)
class _Part:
    """Some ink: its top left corner, its pixels as a mask of bool, and its component."""

    x: int
    y: int
    mask: np.ndarray
    component: int

    @property
    def box(self) -> tuple[float, ...]:
        """Left, top, right and bottom."""
        height, width = self.mask.shape
        return float(self.x), float(self.y), float(self.x + width), float(self.y + height)


def component_lines(ink: np.ndarray) -> list[Pieces]:
    """Return the lines of a page as pieces, from top to bottom.

    Args:
        ink: array of shape (h, w), uint8, 0 on paper.
    """
    parts = _components(ink)
    if not parts:
        return []
    boxes = np.array([part.box for part in parts])
    lines = []
    for row in find_lines(boxes):
        members = [parts[i] for i in row.members]
        members = [one for one in members if max(one.mask.shape) >= _SPECK * row.height]
        members = _joined(members, row.height)
        pieces = [piece for one in members for piece in _cut(one, row.height)]
        if pieces:
            lines.append(_pieces(ink, pieces, row.height, row.slope))
    return lines


def _components(ink: np.ndarray) -> list[_Part]:
    """Return the connected components that are no dust.

    Raises:
        PictureError: there are more than `MOST`.
    """
    mask = (ink > 0).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, ltype=cv2.CV_32S)
    longer = stats[1:, 2:4].max(axis=1)
    kept = np.flatnonzero(longer >= max(3, _DUST * longer.max(initial=0))) + 1
    if len(kept) > MOST:
        raise PictureError(
            f"The picture holds {len(kept):,} separate marks; expected a few lines of digits, at "
            f"most {MOST:,} marks: crop it to the digits."
        )
    parts = []
    for label in kept.tolist():
        x, y, width, height = stats[label, :4].tolist()
        inside = labels[y : y + height, x : x + width] == label
        parts.append(_Part(x, y, inside, label))
    return parts


def _joined(parts: list[_Part], height: float) -> list[_Part]:
    """Return the parts with fragments put to what they nearly touch."""
    small = [one for one in parts if max(one.mask.shape) < _FRAGMENT * height]
    large = [one for one in parts if max(one.mask.shape) >= _FRAGMENT * height]
    for fragment in small:
        gaps = [_gap(fragment, one, _TOUCHING * height) for one in large]
        near = int(np.argmin(gaps)) if gaps else -1
        if near >= 0 and gaps[near] <= _TOUCHING * height:
            large[near] = _union(large[near], fragment)
        else:
            large.append(fragment)
    return large


def _gap(fragment: _Part, other: _Part, reach: float) -> float:
    """Return how far a fragment's ink is from another part's; infinite beyond a reach."""
    a, b = fragment.box, other.box
    apart = max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3])
    if apart > reach:
        return np.inf
    away = _outline(fragment)[:, None] - _outline(other, most=400)[None]
    return float(np.sqrt((away * away).sum(axis=2).min()))


def _union(one: _Part, other: _Part) -> _Part:
    (left, top, right, bottom), box = one.box, other.box
    left, top = int(min(left, box[0])), int(min(top, box[1]))
    right, bottom = int(max(right, box[2])), int(max(bottom, box[3]))
    mask = np.zeros((bottom - top, right - left), bool)
    for part in (one, other):
        height, width = part.mask.shape
        y, x = part.y - top, part.x - left
        mask[y : y + height, x : x + width] |= part.mask
    return _Part(left, top, mask, one.component)


def _cut(part: _Part, height: float) -> list[_Part]:
    """Return the parts of a component between the places where it may be cut."""
    width = part.mask.shape[1]
    if width < _CUT_WIDTH * height:
        return [part]
    seams = [_seam(part.mask, at, height) for at in _cut_columns(part.mask, height)]
    columns = np.arange(width)
    side = np.zeros(part.mask.shape, int)
    for seam in seams:  # (h,): the column of the cut in each row
        side += columns[None] >= seam[:, None]
    found = []
    for number in range(len(seams) + 1):
        ys, xs = np.nonzero(part.mask & (side == number))
        if len(xs):
            x, y = int(xs.min()), int(ys.min())
            mask = np.zeros((int(ys.max()) - y + 1, int(xs.max()) - x + 1), bool)
            mask[ys - y, xs - x] = True
            found.append(_Part(part.x + x, part.y + y, mask, part.component))
    return found


def _cut_columns(mask: np.ndarray, height: float) -> list[int]:
    """Return the columns to cut near, at most `_CUTS`: those with the least ink, well apart."""
    counts = mask.sum(axis=0).astype(float)
    window = max(1, round(0.06 * height))
    counts = np.convolve(counts, np.ones(window) / window, mode="same")
    side, places = max(1, round(_CUT_SIDE * height)), []
    for column in np.argsort(counts, kind="stable").tolist():
        inside = side <= column < mask.shape[1] - side
        if inside and all(abs(column - other) >= side for other in places):
            places.append(column)
        if len(places) == _CUTS:
            break
    return sorted(places)


def _seam(mask: np.ndarray, column: int, height: float) -> np.ndarray:
    """Return the way from top to bottom with the least ink near a column: a column a row.

    By dynamic programming; a step to the side costs a little, so that empty rows are straight.
    """
    sway = max(1, round(_SWAY * height))
    low = max(0, column - sway)
    cost = mask[:, low : column + sway + 1].astype(np.float32) * 4
    cost += np.abs(np.arange(low, low + cost.shape[1]) - column) / sway
    total, came = cost[0].copy(), np.zeros(cost.shape, np.int8)
    for row in range(1, len(cost)):
        padded = np.pad(total, 1, constant_values=np.float32(1e9))
        options = np.stack([padded[:-2] + 0.4, padded[1:-1], padded[2:] + 0.4])
        came[row] = options.argmin(axis=0) - 1
        total = options.min(axis=0) + cost[row]
    seam = np.empty(len(cost), int)
    at = int(total.argmin())
    for row in range(len(cost) - 1, -1, -1):
        seam[row] = low + at
        at += int(came[row, at])
    return seam


def _pieces(ink: np.ndarray, parts: list[_Part], height: float, slope: float) -> Pieces:
    parts = sorted(parts, key=lambda part: 2 * part.x + part.mask.shape[1])
    boxes = np.array([part.box for part in parts])

    def image(first: int, last: int) -> np.ndarray:
        left, top = boxes[first:last, :2].min(axis=0).astype(int)
        right, bottom = boxes[first:last, 2:].max(axis=0).astype(int)
        crop = np.zeros((bottom - top, right - left), np.uint8)
        for part in parts[first:last]:
            tall, wide = part.mask.shape
            y, x = part.y - top, part.x - left
            own = ink[part.y : part.y + tall, part.x : part.x + wide]
            cv2.copyTo(own, part.mask.view(np.uint8), crop[y : y + tall, x : x + wide])
        return from_ink(crop)

    return Pieces(
        boxes=boxes,
        parts=np.array([part.component for part in parts]),
        height=height,
        middle=line_middle(boxes, height, slope),
        outlines=tuple(_outline(part) for part in parts),
        image=image,
    )


def _outline(part: _Part, most: int = _OUTLINE) -> np.ndarray:
    """Return some positions on the edge of a part's ink, array of shape (k, 2), float."""
    mask = part.mask.astype(np.uint8)
    edge = mask & ~cv2.erode(mask, np.ones((3, 3), np.uint8), borderValue=0)
    ys, xs = np.nonzero(edge)
    some = np.linspace(0, len(xs) - 1, min(len(xs), most)).round().astype(int)
    return np.stack([xs[some] + part.x, ys[some] + part.y], axis=1).astype(float)
