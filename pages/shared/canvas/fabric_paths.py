"""Strokes as the canvas writes them: Fabric.js paths to pen positions and back."""

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Stroke = list[tuple[float, float]]

CANVAS_SIDE = 320  # CSS pixels: fits a phone of 360
WIDE = 3 * CANVAS_SIDE  # pixels: width of the canvas for a number, as high as the other
INK = "#000000"
MAX_STROKES = 500
MAX_POSITIONS = 20_000  # of one stroke: minutes of drawing
MAX_CHARACTERS = 2_000_000  # of all strokes in JSON: what rendering takes grows with them
_MARGIN = 10  # pixels around ink that is put onto a smaller canvas
REACH = 10 * CANVAS_SIDE  # pixels: a pen that left the canvas is still near it


def strokes(objects: list[dict[str, Any]]) -> list[Stroke]:
    """Return the canvas's paths as lists of pen positions, in canvas pixels.

    A path is ["M", x, y], then ["Q", control x, control y, x, y] or ["L", x, y].

    Raises:
        ValueError: this is no list of paths near the canvas.
    """
    if not isinstance(objects, list) or len(objects) > MAX_STROKES:
        raise ValueError(f"more than {MAX_STROKES} strokes, or no list of them")
    if len(json.dumps(objects, allow_nan=False)) > MAX_CHARACTERS:  # they go back to the browser
        raise ValueError(f"strokes of more than {MAX_CHARACTERS:,} characters")
    return [positions(one) for one in objects]


def paths(drawn: list[Stroke], pen: float) -> list[dict[str, Any]]:
    """Return strokes as paths for the canvas: the inverse of `strokes`."""
    return [
        _path([["M" if i == 0 else "L", x, y] for i, (x, y) in enumerate(stroke)], pen)
        for stroke in drawn
    ]


def _path(steps: list[list[Any]], pen: float) -> dict[str, Any]:
    return {
        "type": "Path",
        "path": steps,
        "stroke": INK,
        "strokeWidth": pen,
        "fill": None,
        "strokeLineCap": "round",
        "strokeLineJoin": "round",
    }


@dataclass(frozen=True)
class Move:
    """How ink gets its place on a canvas of another shape: scaled, then shifted, in pixels."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def of(self, objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return paths in their new place; as they are where it is the old one."""
        if self == Move():
            return objects
        return [
            _path(list(map(self._step, one["path"])), self.scale * float(one["strokeWidth"]))
            for one in objects
        ]

    def _step(self, step: list[Any]) -> list[Any]:
        shifts = self.x, self.y
        moved = [self.scale * float(at) + shifts[i % 2] for i, at in enumerate(step[1:])]
        return [step[0], *moved]


def into_square(objects: list[dict[str, Any]]) -> Move:
    """Return what brings all ink of a wide canvas onto the square one; no more than is needed."""
    if not objects:
        return Move()
    boxes = []
    for one in objects:
        places, reach = np.array(positions(one)), float(one["strokeWidth"]) / 2
        boxes.append([*places.min(axis=0) - reach, *places.max(axis=0) + reach])
    (left, top), (right, bottom) = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
    if left >= 0 and right <= CANVAS_SIDE:
        return Move()
    scale = min(1.0, (CANVAS_SIDE - 2 * _MARGIN) / (right - left))
    return Move(
        scale,
        CANVAS_SIDE / 2 - scale * float(left + right) / 2,
        0.0 if scale == 1 else CANVAS_SIDE / 2 - scale * float(top + bottom) / 2,
    )


def positions(one: Any) -> Stroke:
    """Return a path as pen positions.

    Raises:
        ValueError: it is none near the canvas.
    """
    try:
        steps, width = one["path"], float(one["strokeWidth"])
        found = [(round(float(step[-2]), 1), round(float(step[-1]), 1)) for step in steps]
        bends = [float(x) for step in steps for x in step[1:-2]]
    except (TypeError, KeyError, IndexError, OverflowError) as error:
        raise ValueError("not a path") from error
    near = all(math.isfinite(x) and abs(x) <= REACH for place in found for x in place)
    near = near and all(map(math.isfinite, bends))
    if not near or not 0 < len(found) <= MAX_POSITIONS or not 0 < width <= CANVAS_SIDE:
        raise ValueError("a path that does not lie on the canvas")
    return found
