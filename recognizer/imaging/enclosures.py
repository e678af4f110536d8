"""What is drawn around or under a digit and is not part of it: a box, a circle, a line below."""

import cv2
import numpy as np

from recognizer.imaging.parts import chosen

_SAMPLES = 72  # places on an outline that are looked at
_CLOSED = 0.85  # of the outline that is drawn, a hand leaves gaps
_BOX_CLOSED = 0.94  # of a printed box, also where a digit touches it
_THICK = 0.12  # of its longer side that the line of an enclosure is thick
_ASPECT = 0.55  # shorter by longer side of what encloses a digit
_CIRCLE_ASPECT = 0.74  # of a circle; a zero with a stroke in it is narrower
_STRAIGHT = 0.2  # of a stroke's length, its breadth: a 1, or the stroke through a zero
_ASLANT = 22.0  # degrees from upright that a stroke through a zero is, and a 1 is not
_WITHIN = 0.3  # of the enclosure's longer side that the digit in it has, at least
_LONG = 7.0  # times its thickness that a line below is long


def inside(mask: np.ndarray, labels: np.ndarray, stats: np.ndarray) -> np.ndarray | None:
    """Return what lies within the box or circle around the digit, or above the line under it.

    Args:
        mask: array of shape (h, w), uint8, 255 where there is ink.
        labels: array of shape (h, w), the part of each pixel, 0 for none.
        stats: a row for each part: x, y, width, height and area.

    Returns:
        mask of shape (h, w), uint8, part of `mask`; None where there is no such thing.
    """
    sides = stats[:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1]
    largest = np.argsort(sides[1:].prod(axis=1))[::-1][:3] + 1
    alone = len(stats) == 2  # what touches a digit can only be a box
    for part in largest:
        if alone and not _has_corners(labels, stats[part]):
            continue
        row = stats[part]
        within = _within(mask, labels, row, lambda box, part=part: box == part)
        if within is not None:
            return within
    if len(stats) > 3:  # a thin circle falls to pieces
        row = np.array([*cv2.boundingRect(mask), cv2.countNonZero(mask)])
        return _within(mask, labels, row, lambda box: box > 0)
    return None


def _has_corners(labels: np.ndarray, row: np.ndarray) -> bool:
    """Whether there is ink in all four corners of what is around a part: quickly found."""
    x, y, width, height = (int(one) for one in row[:4])
    wide, tall = max(1, width // 8), max(1, height // 8)
    corners = (
        labels[top : top + tall, left : left + wide]
        for top in (y, y + height - tall)
        for left in (x, x + width - wide)
    )
    return all(corner.any() for corner in corners)


def _within(mask, labels, row, belongs) -> np.ndarray | None:
    """Return the ink that parts enclose, None when they enclose none.

    Args:
        mask: array of shape (h, w), where there is ink.
        labels: array of shape (h, w), the part of each pixel.
        row: x, y, width, height and area of the parts.
        belongs: says of labels which are of the parts.
    """
    x, y, width, height, area = (int(one) for one in row[:5])
    short, long = sorted((width, height))
    if short < 12 or short < _ASPECT * long or area > 0.5 * width * height:
        return None
    box = labels[y : y + height, x : x + width]
    own = belongs(box).astype(np.uint8)
    hull = cv2.convexHull(cv2.findNonZero(own))
    filled = np.zeros((height + 2, width + 2), np.uint8)
    cv2.fillConvexPoly(filled, hull + 1, 1)
    depth = cv2.distanceTransform(filled, cv2.DIST_L2, 3)[1:-1, 1:-1]  # to the outline
    thick = _thickness(own, depth)
    slack = max(2.0, 0.03 * long)
    drawn = _drawn(own, hull, slack)
    if drawn < _CLOSED or thick > _THICK * long:
        return None
    sides = sorted(cv2.minAreaRect(hull)[1])
    is_box = cv2.contourArea(hull) > 0.9 * sides[0] * sides[1] and drawn >= _BOX_CLOSED
    if not is_box and sides[0] < _CIRCLE_ASPECT * sides[1]:
        return None
    deep = (depth > thick + slack).astype(np.uint8)
    ink = mask[y : y + height, x : x + width] * deep
    if not is_box:  # what touches a circle is a stroke through a zero as well as a digit
        ink[np.isin(box, np.unique(box[(deep == 0) & (own > 0)]))] = 0
    if max(cv2.boundingRect(ink)[2:]) < _WITHIN * long:
        return None
    if not is_box and _is_slash(ink):
        return None
    within = np.zeros_like(mask)
    within[y : y + height, x : x + width] = ink
    return within


def _is_slash(ink: np.ndarray) -> bool:
    """Whether ink in a round shape is the stroke through a zero: straight, and aslant or level."""
    points = cv2.findNonZero(ink).reshape(-1, 2).astype(np.float32)
    spread, axes = np.linalg.eigh(np.cov((points - points.mean(axis=0)).T))
    aslant = np.degrees(np.arctan2(*np.abs(axes[:, 1])))  # 0 is upright
    return spread[0] < _STRAIGHT**2 * spread[1] and aslant > _ASLANT


def _thickness(own: np.ndarray, depth: np.ndarray) -> float:
    """Return how thick the line along the outline is, in pixels."""
    near = own[(depth > 0) & (depth <= 2)].sum()
    ring = max(1, int(((depth > 0) & (depth <= 2)).sum()))
    thick = 2.0
    while near > 0.5 * ring and thick < 40:
        band = (depth > thick) & (depth <= thick + 2)
        near, ring = own[band].sum(), max(1, int(band.sum()))
        thick += 2
    return thick


def _drawn(own: np.ndarray, hull: np.ndarray, reach: float) -> float:
    """Return the share of the outline that has ink within `reach`."""
    points = hull.reshape(-1, 2).astype(float)
    closed = np.concatenate([points, points[:1]])
    lengths = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(lengths)])
    at = np.linspace(0, along[-1], _SAMPLES, endpoint=False)
    outline = np.stack([np.interp(at, along, closed[:, i]) for i in (0, 1)], axis=1)
    far = cv2.distanceTransform(1 - own, cv2.DIST_L2, 3)
    rows, columns = (
        np.rint(outline[:, i]).astype(int).clip(0, own.shape[1 - i] - 1) for i in (1, 0)
    )
    return float((far[rows, columns] <= reach).mean())


def lines_below(labels: np.ndarray, stats: np.ndarray, kept: np.ndarray, gap: float) -> np.ndarray:
    """Return which parts are lines under the rest, array of shape (count,), bool.

    Args:
        labels: array of shape (h, w), the part of each pixel, 0 for none.
        stats: a row for each part.
        kept: array of shape (count,), bool: parts that are taken for the digit so far.
        gap: between the digit and the line, in parts of the digit's height, at least: the foot of
            a 1 is closer.
    """
    found, straight = np.zeros(len(stats), bool), np.zeros(len(stats), bool)
    straight[[part for part in np.flatnonzero(kept) if _is_line(labels, stats[part], part)]] = True
    rest = kept & ~straight
    if not rest.any() or not straight.any():
        return found
    low = stats[rest, 0:2].min(axis=0)
    high = (stats[rest, 0:2] + stats[rest, 2:4]).max(axis=0)
    wide, tall = high - low
    far = cv2.distanceTransform(cv2.bitwise_not(chosen(labels, rest)), cv2.DIST_L2, 3)
    apart = []  # how far each is from the digit
    for part in np.flatnonzero(straight):
        x, y, width, height = (int(one) for one in stats[part, :4])
        is_below = min(high[0], x + width) > max(low[0], x) and y + height / 2 >= high[1]
        if is_below and tall >= 0.25 * width and width >= 0.75 * wide:
            box = slice(y, y + height), slice(x, x + width)
            apart.append((part, y - high[1], far[box][labels[box] == part].min()))
    for part, level, nearest in apart:  # two lines are no foot, so that they may slope
        found[part] = (level if len(apart) == 1 else nearest) > gap * tall
    return found


def _is_line(labels: np.ndarray, row: np.ndarray, part: int) -> bool:
    """Whether a part is a long line, about level; two that touch are one."""
    x, y, width, height = (int(one) for one in row[:4])
    if part == 0 or width < 2.0 * height or width < 12:
        return False
    points = cv2.findNonZero((labels[y : y + height, x : x + width] == part).astype(np.uint8))
    long, thick = _sides(points)
    return long >= _LONG * thick


def _sides(points: np.ndarray) -> tuple[float, float]:
    """Return the longer and the shorter side of the rectangle around points (n, 1, 2)."""
    sides = cv2.minAreaRect(points)[1]
    return max(sides) + 1, min(sides) + 1
