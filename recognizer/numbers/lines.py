"""Which boxes stand in one line of writing, and how high and how level that line is."""

from dataclasses import dataclass

import numpy as np

Corners = list[float]  # left, top, right, bottom

_TALL = 0.45  # of the usual height: a lower box is a flag, a dash or a dot
_OVERLAP = 0.35  # of the lower box's height that neighbours in a line have in common
_NEAR = 1.1  # line heights from a line's middle: what is farther is not of it
_STEEPEST = 0.35  # dy / dx of a line
_SHARED = 0.3  # of the lower group's height that two groups of one line have in common
_RECENT = 30  # stacks that a box is tried on: those that begin just above it
_FEW = 40  # groups: more are a page of text, on which none are put together
_HEIGHT = 0.6  # quantile of the tall boxes' heights that is taken for the line's


@dataclass(frozen=True, eq=False)
class Row:
    """The boxes of one line.

    Attributes:
        members: array of shape (n,), int: which boxes.
        height: of its digits, in pixels.
        slope: dy / dx.
    """

    members: np.ndarray
    height: float
    slope: float


def find_lines(boxes: np.ndarray) -> list[Row]:
    """Return the lines that boxes stand in, from top to bottom.

    Each tall box is linked to the nearest one on its right that shares its height; what is small
    joins the nearest line, or is left out when none is near.

    Args:
        boxes: array of shape (n, 4): left, top, right, bottom, n at least 1.
    """
    stacks = _stacked(boxes)
    whole = np.array([_around(boxes[stack]) for stack in stacks])
    return [
        Row(np.concatenate([stacks[i] for i in row.members]), row.height, row.slope)
        for row in _lines(whole)
    ]


def _stacked(boxes: np.ndarray) -> list[list[int]]:
    """Return the boxes in groups of those that stand on each other, such as an 8's two circles."""
    order = np.argsort(boxes[:, 1], kind="stable").tolist()
    tallest = float((boxes[:, 3] - boxes[:, 1]).max())
    plain = boxes.tolist()  # numbers of Python: quicker one by one
    stacks: list[tuple[Corners, list[int]]] = []
    for box in order:
        for at in range(max(0, len(stacks) - _RECENT), len(stacks)):
            around, members = stacks[at]
            if _stands_on(around, plain[box], tallest, few=len(boxes) <= 4):
                stacks[at] = _whole(around, plain[box]), [*members, box]
                break
        else:
            stacks.append((plain[box], [box]))
    return [members for _, members in stacks]


def _whole(one: Corners, other: Corners) -> Corners:
    low, high = map(min, one[:2], other[:2]), map(max, one[2:], other[2:])
    return [*low, *high]


def _stands_on(one: Corners, other: Corners, tallest: float, *, few: bool) -> bool:
    """Whether two boxes are of one digit: one above the other, and together as high as others."""
    heights = one[3] - one[1], other[3] - other[1]
    apart = max(one[1], other[1]) - min(one[3], other[3])
    shared = min(one[2], other[2]) - max(one[0], other[0])
    narrower = min(one[2] - one[0], other[2] - other[0])
    if max(one[3], other[3]) - min(one[1], other[1]) > 1.3 * tallest and not few:
        return False
    return (
        -0.3 * min(heights) <= apart <= 0.1 * sum(heights)
        and min(heights) >= 0.3 * max(heights)
        and shared >= 0.6 * max(narrower, 1e-9)
    )


def _around(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _lines(boxes: np.ndarray) -> list[Row]:
    """Return the lines that boxes stand in, none of them on another."""
    tall = np.flatnonzero(_is_tall(boxes))
    groups = _merged(boxes, _linked(boxes, tall))
    lines = [_line(boxes, np.array(group)) for group in groups]
    small = np.setdiff1d(np.arange(len(boxes)), tall)
    joined = [list(line.members) for line in lines]
    for box in small:
        away = [_distance(boxes, box, line) for line in lines]
        nearest = int(np.argmin(away))
        if away[nearest] <= _NEAR:
            joined[nearest].append(box)
    rows = [
        Row(np.array(members), line.height, line.slope)
        for members, line in zip(joined, lines, strict=True)
    ]
    return sorted(rows, key=lambda row: float(boxes[row.members, 1].mean()))


def _is_tall(boxes: np.ndarray) -> np.ndarray:
    heights = boxes[:, 3] - boxes[:, 1]
    large = heights[heights >= 0.3 * heights.max()]
    return heights >= min(_TALL * np.quantile(large, _HEIGHT), heights.max())


def _linked(boxes: np.ndarray, tall: np.ndarray) -> list[list[int]]:
    """Return the tall boxes in groups that hang together."""
    order = tall[np.argsort(boxes[tall, 0], kind="stable")]
    _, top, _, bottom = boxes[order].T
    group = np.arange(len(order))
    for one in range(len(order)):
        share = np.minimum(bottom, bottom[one]) - np.maximum(top, top[one])
        lower = np.minimum(bottom - top, bottom[one] - top[one])
        beside = np.flatnonzero(share >= _OVERLAP * lower)
        following = beside[beside > one]
        if len(following):
            group[group == group[following[0]]] = group[one]
    return [order[group == name].tolist() for name in dict.fromkeys(group.tolist())]


def _merged(boxes: np.ndarray, groups: list[list[int]]) -> list[list[int]]:
    """Return the groups with those put together that are of one line."""
    groups = list(groups)
    pairs = [(a, b) for a in range(len(groups)) for b in range(a)]
    for a, b in pairs if len(groups) <= _FEW else []:
        if groups[a] and groups[b] and _is_one(boxes[groups[a]], boxes[groups[b]]):
            groups[a], groups[b] = groups[a] + groups[b], []
    return [group for group in groups if group]


def _is_one(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two groups share their heights, or go on beside each other."""
    tops, bottoms = (np.array([np.median(of[:, i]) for of in (one, other)]) for i in (1, 3))
    shared, heights = bottoms.min() - tops.max(), bottoms - tops
    if shared >= _SHARED * heights.min():
        return True
    widths = [np.ptp(of[:, [0, 2]]) for of in (one, other)]
    beside = min(one[:, 2].max(), other[:, 2].max()) - max(one[:, 0].min(), other[:, 0].min())
    return bool(beside < 0.2 * min(widths) and -shared < 0.5 * heights.max())


def _line(boxes: np.ndarray, members: np.ndarray) -> Row:
    own = boxes[members]
    height = float(np.quantile(own[:, 3] - own[:, 1], _HEIGHT))
    return Row(members, max(height, 1.0), _slope(own, height))


def _slope(own: np.ndarray, height: float) -> float:
    """Return dy / dx of a line through the boxes' middles; 0 for a line of few digits."""
    x, y = (own[:, 0] + own[:, 2]) / 2, (own[:, 1] + own[:, 3]) / 2
    if len(own) < 3 or np.ptp(x) < 2 * height:
        return 0.0
    return float(np.clip(np.polyfit(x, y, 1)[0], -_STEEPEST, _STEEPEST))


def _distance(boxes: np.ndarray, box: int, line: Row) -> float:
    """Return how many line heights a box's middle is above or below a line."""
    own = boxes[line.members]
    x, y = (own[:, 0] + own[:, 2]) / 2, (own[:, 1] + own[:, 3]) / 2
    at = (boxes[box, 0] + boxes[box, 2]) / 2
    beyond = max(own[:, 0].min() - at, at - own[:, 2].max(), 0) / (4 * line.height)
    level = np.median(y - line.slope * x) + line.slope * at
    return abs((boxes[box, 1] + boxes[box, 3]) / 2 - level) / line.height + max(0, beyond - 1)
