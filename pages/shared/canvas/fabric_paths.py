"""Strokes as the canvas writes them: Fabric.js paths to pen positions and back."""

import json
import math
from typing import Any

Stroke = list[tuple[float, float]]

CANVAS_SIDE = 320  # CSS pixels: fits a phone of 360
INK = "#000000"
MAX_STROKES = 500
MAX_POSITIONS = 20_000  # of one stroke: minutes of drawing
MAX_CHARACTERS = 2_000_000  # of all strokes in JSON: what rendering takes grows with them
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
        {
            "type": "Path",
            "path": [["M" if i == 0 else "L", x, y] for i, (x, y) in enumerate(stroke)],
            "stroke": INK,
            "strokeWidth": pen,
            "fill": None,
            "strokeLineCap": "round",
            "strokeLineJoin": "round",
        }
        for stroke in drawn
    ]


def positions(one: Any) -> Stroke:
    """Return a path as pen positions.

    Raises:
        ValueError: it is none near the canvas.
    """
    try:
        steps, width = one["path"], float(one["strokeWidth"])
        found = [(round(float(step[-2]), 1), round(float(step[-1]), 1)) for step in steps]
    except (TypeError, KeyError, IndexError, OverflowError) as error:
        raise ValueError("not a path") from error
    near = all(math.isfinite(x) and abs(x) <= REACH for place in found for x in place)
    if not near or not 0 < len(found) <= MAX_POSITIONS or not 0 < width <= CANVAS_SIDE:
        raise ValueError("a path that does not lie on the canvas")
    return found
