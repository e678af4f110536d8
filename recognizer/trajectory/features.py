"""What a pen's path looks like: how much ink runs in each of eight directions, and where.

Directional features as online handwriting recognition uses them (Bai & Huo, 2005, "A study on the
use of 8-directional features for online handwritten Chinese character recognition"). The order of
the strokes makes no difference, the way that each was drawn does.
"""

from collections.abc import Sequence

import numpy as np

DIRECTIONS, GRID = 8, 8
COUNT = DIRECTIONS * GRID * GRID + 2  # and how wide and how high it is
STEP = 0.03  # of the character's longer side, between two positions
MOST = 400  # positions of a stroke: twelve times a character's longer side, which no digit needs

_MARGIN = 0.05  # of the square, around the character


def sample(stroke: np.ndarray, step: float) -> np.ndarray:
    """Return positions along a stroke, a trembling pen's smoothed.

    They are about `step` apart; of a scribble farther, so that it takes no longer than a digit.

    Args:
        stroke: array of shape (n, 2), n at least 1.
        step: in the stroke's unit.

    Returns:
        Array of shape (m, 2), float, both ends among them; m is 1 where the pen stood still, and
        at most MOST.
    """
    if len(stroke) == 1:
        return np.asarray(stroke, dtype=float)
    pen = np.ascontiguousarray(stroke, dtype=float).view(complex)[:, 0]  # x + iy: one number each
    way = np.empty(len(pen))
    way[0] = 0
    np.abs(pen[1:] - pen[:-1]).cumsum(out=way[1:])
    if way[-1] <= 1e-9:
        return np.asarray(stroke[:1], dtype=float)
    count = min(MOST, max(2, int(np.ceil(way[-1] / step)) + 1))
    path = np.interp(np.arange(count) * (way[-1] / (count - 1)), way, pen)
    smooth = path.copy()
    smooth[1:-1] = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
    return smooth.view(float).reshape(-1, 2)


def measure(characters: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Return the features of characters, array of shape (n, COUNT), float32.

    Args:
        characters: of each, its strokes as `sample` returns them, at least one; y down.
    """
    paths = [path for one in characters for path in one]
    owner = np.repeat(np.arange(len(characters)), [len(one) for one in characters])
    corners = np.array([np.concatenate([p.min(axis=0), p.max(axis=0)]) for p in paths])
    starts = np.searchsorted(owner, np.arange(len(characters)))
    low = np.minimum.reduceat(corners[:, :2], starts)  # (n, 2)
    high = np.maximum.reduceat(corners[:, 2:], starts)
    side = np.maximum((high - low).max(axis=1), 1e-6)
    middles = np.concatenate([(path[1:] + path[:-1]) / 2 for path in paths])  # (k, 2)
    steps = np.concatenate([np.diff(path, axis=0) for path in paths])
    of = np.repeat(owner, [len(path) - 1 for path in paths])
    scale = (1 - 2 * _MARGIN) / side[of, None]
    places = (middles - (low + high)[of] / 2) * scale + 0.5
    maps = _maps(of, places, steps * scale, len(characters))
    return np.concatenate([np.sqrt(maps), (high - low) / side[:, None]], axis=1, dtype=np.float32)


def _maps(of: np.ndarray, places: np.ndarray, steps: np.ndarray, count: int) -> np.ndarray:
    """Return the length of path by direction and place, array of shape (count, 8 * 8 * 8).

    Args:
        of: array of shape (k,), int: the character that each step is of.
        places: array of shape (k, 2), in [0, 1].
        steps: array of shape (k, 2), in the same unit.
        count: number of characters.
    """
    turn = np.arctan2(steps[:, 1], steps[:, 0]) * (DIRECTIONS / (2 * np.pi)) % DIRECTIONS
    at = places * (GRID - 1)
    directions, columns, rows = (_shared(axis) for axis in (turn, at[:, 0], at[:, 1]))
    length = np.hypot(*steps.T)
    cells, weights = [], []
    for direction, one in directions:
        for column, two in columns:
            for row, three in rows:
                cell = (of * DIRECTIONS + direction % DIRECTIONS) * GRID + row.clip(0, GRID - 1)
                cells.append(cell * GRID + column.clip(0, GRID - 1))
                weights.append(length * one * two * three)
    size = DIRECTIONS * GRID * GRID
    found = np.bincount(np.concatenate(cells), np.concatenate(weights), count * size)
    return found.reshape(count, size)


def _shared(at: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the whole numbers below and above, each with its share: linear interpolation."""
    low = np.floor(at).astype(int)
    share = at - low
    return [(low, 1 - share), (low + 1, share)]
