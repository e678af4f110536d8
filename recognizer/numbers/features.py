"""What is measured of a candidate, so that the search can tell characters from halves and pairs.

Lengths are in line heights, so that they mean the same for small and for large writing.
"""

import cv2
import numpy as np

from recognizer.numbers.pieces import Candidates, Pieces

COUNT = 33
AWAY = slice(25, 27)  # the columns of how far the neighbours' ink is, before and after
SHAPE = slice(20, 25)  # the columns that tell of the picture; all others are geometry


def measure(geometry: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return the features of each candidate, array of shape (m, COUNT), float.

    Args:
        geometry: array of shape (m, COUNT - 5), of `measure_geometry`.
        images: array of shape (m, 28, 28), uint8: each candidate in MNIST's form.
    """
    slant, across, stretch, fill = _shapes(images)
    shape = np.stack([slant, across, stretch, fill, slant * stretch], axis=1)
    first = SHAPE.start
    return np.concatenate([geometry[:, :first], shape.clip(-4, 4), geometry[:, first:]], axis=1)


def measure_geometry(pieces: Pieces, found: Candidates) -> np.ndarray:
    """Return what needs no picture of a candidate, array of shape (m, COUNT - 5), float.

    Args:
        pieces: of one line.
        found: the candidates among them.
    """
    height = pieces.height
    left, top, right, bottom = found.boxes.T
    wide, tall = (right - left) / height, (bottom - top) / height
    middle = np.array([pieces.middle[a:b].mean() for a, b in _spans(found)])
    low = ((top + bottom) / 2 - middle) / height  # below the line's middle
    before, after = _neighbours(pieces, found)
    inside, parts, joints, apart = _insides(pieces, found)
    left_away, right_away, within = _distances(pieces, found)
    one = np.ones(len(found))
    longer = np.maximum(wide, tall)
    columns = [
        one, tall, tall**2, np.log(tall + 0.05), wide, wide**2, np.log(wide + 0.05),
        longer < 0.35, low, low**2, np.abs(low), before, after, np.minimum(before, 0),
        np.minimum(after, 0), inside, parts == 2, parts >= 3, joints, apart,
        left_away, right_away, left_away < 0.05, right_away < 0.05,
        within, within > 0.1, inside > 0, inside > 0.15,
    ]  # fmt: skip
    return np.stack([np.asarray(column, dtype=float).clip(-4, 4) for column in columns], axis=1)


def _spans(found: Candidates) -> list[tuple[int, int]]:
    return list(zip(found.first.tolist(), found.last.tolist(), strict=True))


def _neighbours(pieces: Pieces, found: Candidates) -> tuple[np.ndarray, np.ndarray]:
    """Return the gaps to all that is before and after each candidate, at most one height."""
    rights = np.maximum.accumulate(pieces.boxes[:, 2])
    lefts = np.minimum.accumulate(pieces.boxes[::-1, 0])[::-1]
    before, after = np.ones(len(found)), np.ones(len(found))
    has = found.first > 0
    before[has] = (found.boxes[has, 0] - rights[found.first[has] - 1]) / pieces.height
    has = found.last < len(pieces)
    after[has] = (lefts[found.last[has]] - found.boxes[has, 2]) / pieces.height
    return before.clip(-1, 1), after.clip(-1, 1)


def _insides(pieces: Pieces, found: Candidates) -> tuple[np.ndarray, ...]:
    """Return the widest gap in each candidate, its number of parts, and of its ends and joints.

    A joint is where two pieces of one stroke meet: `joints` counts those at its ends, where the
    stroke would be cut, `apart` those within.
    """
    left, right = pieces.boxes[:, 0].tolist(), pieces.boxes[:, 2].tolist()
    parts = pieces.parts.tolist()
    same = [False, *(pieces.parts[1:] == pieces.parts[:-1]).tolist(), False]
    rows = []
    for first, last in _spans(found):
        widest, reach = -0.5 * pieces.height if last == first + 1 else -np.inf, right[first]
        for piece in range(first + 1, last):
            widest, reach = max(widest, left[piece] - reach), max(reach, right[piece])
        rows.append(
            (
                widest / pieces.height,
                len(set(parts[first:last])),
                same[first] + same[last],
                sum(same[first + 1 : last]),
            )
        )
    return tuple(np.array(rows, dtype=float).T)


def _distances(pieces: Pieces, found: Candidates) -> tuple[np.ndarray, ...]:
    """Return how far each candidate's ink is from its neighbours', and its pieces from each other.

    In line heights, at most one; `within` is the largest distance of a piece to those before it.
    """
    reach = 5
    away = np.ones((len(pieces) + 1, reach))  # [j, k]: from piece j to piece j - 1 - k
    x, y = _outlines(pieces)  # (n, places)
    for k in range(min(reach, len(pieces) - 1)):
        across = x[k + 1 :, :, None] - x[: -k - 1, None]  # (n - 1 - k, places, places)
        down = y[k + 1 :, :, None] - y[: -k - 1, None]
        squared = (across * across + down * down).min(axis=(1, 2))
        away[k + 1 : -1, k] = np.sqrt(squared) / pieces.height
    nearest = np.minimum.accumulate(away, axis=1).tolist()  # [j][k]: from j to any of j - 1 - k on
    rows = []
    for first, last in _spans(found):
        before = (nearest[j][min(j - first, reach) - 1] for j in range(first + 1, last))
        within = max(before, default=0.0)
        rows.append((nearest[first][1], nearest[last][min(last - first, reach) - 1], within))
    return tuple(np.array(rows).clip(0, 1).T)


def _outlines(pieces: Pieces) -> np.ndarray:
    """Return the positions on each piece's ink, array of shape (2, n, places): x and y.

    Where a piece has fewer than others, its last position is repeated.
    """
    counts = np.array([len(one) for one in pieces.outlines])
    places = np.minimum(np.arange(counts.max()), counts[:, None] - 1)  # (n, places)
    starts = np.cumsum(counts) - counts
    return np.concatenate(pieces.outlines)[places + starts[:, None]].transpose(2, 0, 1)


def _shapes(images: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return of each image how its ink leans, lies, is stretched, and fills its box.

    By its second moments: sine and cosine of twice the angle of its longer axis, and 1 - the ratio
    of its axes.
    """
    rows = []
    for image in images:
        mass = cv2.moments(image)
        xx, yy, xy = mass["mu20"], mass["mu02"], mass["mu11"]
        spread = float(np.hypot(xx - yy, 2 * xy))
        total = max(xx + yy, 1e-9)
        ratio = np.sqrt(max(total - spread, 0) / (total + spread))
        _, _, width, height = cv2.boundingRect(image)
        fill = mass["m00"] / (255 * max(1, width * height))
        rows.append((2 * xy / max(spread, 1e-9), (xx - yy) / max(spread, 1e-9), 1 - ratio, fill))
    return tuple(np.array(rows, dtype=float).T)
