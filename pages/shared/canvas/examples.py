"""Digits made by us to try the app with: the styles that readers of digits stumble over.

Each is a list of strokes, each stroke a list of corners on a 100 x 100 sheet, y down, which are
joined by a smooth curve (Catmull and Rom, 1974).
"""

import numpy as np

Stroke = list[tuple[float, float]]

EXAMPLES: dict[str, list[Stroke]] = {
    "Narrow 0": [
        [(52, 12), (38, 24), (33, 50), (39, 78), (52, 89), (64, 78), (68, 50), (63, 24), (52, 12)]
    ],
    "1 with a flag": [[(30, 38), (44, 28), (56, 12), (56, 12), (56, 88)]],
    "Looped 2": [
        [(30, 28), (42, 13), (60, 14), (69, 30), (60, 50), (42, 68), (31, 80), (33, 87)]
        + [(42, 84), (43, 76), (36, 75), (40, 82), (56, 87), (76, 84)]
    ],
    "3 with a flat top": [
        [(30, 15), (66, 14), (66, 14), (47, 42), (64, 50), (69, 68), (58, 86), (42, 88), (29, 80)]
    ],
    "Open 4": [[(36, 12), (32, 34), (28, 54), (50, 55), (76, 52)], [(66, 26), (64, 58), (62, 90)]],
    "5 in two strokes": [
        [(37, 14), (34, 46), (34, 46), (52, 43), (67, 56), (65, 77), (48, 88), (30, 82)],
        [(37, 14), (69, 12)],
    ],
    "6 in one stroke": [
        [(63, 12), (45, 32), (35, 60), (41, 83), (55, 88), (67, 77), (63, 60), (50, 54), (37, 66)]
    ],
    "7 with a bar": [
        [(26, 16), (50, 17), (74, 14), (74, 14), (60, 44), (46, 90)],
        [(36, 52), (54, 50), (70, 49)],
    ],
    "8 in one stroke": [
        [(66, 20), (50, 12), (36, 22), (42, 38), (58, 52), (66, 70), (52, 88), (36, 74), (44, 54)]
        + [(60, 38), (66, 20)]
    ],
    "9 with a straight leg": [
        [(68, 24), (52, 12), (36, 24), (35, 42), (50, 50), (66, 38), (69, 20)]
        + [(69, 20), (68, 54), (66, 90)]
    ],
}

_STEPS = 8  # points on the curve from one corner to the next


def example(name: str, side: float) -> list[Stroke]:
    """Return an example's strokes as curves on a canvas of that side, in pixels."""
    return [_curve(np.array(stroke) * side / 100) for stroke in EXAMPLES[name]]


def _curve(corners: np.ndarray) -> Stroke:
    """Return the Catmull-Rom spline through (n, 2) corners; a doubled corner stays sharp."""
    padded = np.concatenate([corners[:1], corners, corners[-1:]])  # (n + 2, 2)
    t = np.linspace(0, 1, _STEPS, endpoint=False)[:, np.newaxis]
    pieces = [
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return [(float(x), float(y)) for x, y in np.concatenate([*pieces, corners[-1:]])]
