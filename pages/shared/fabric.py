"""Strokes as the canvas writes them: Fabric.js paths to pen positions and back."""

from typing import Any

CANVAS_SIDE = 320  # CSS pixels: fits a phone of 360
INK = "#000000"


def strokes(objects: list[dict[str, Any]]) -> list[list[tuple[float, float]]]:
    """Return the canvas's paths as lists of pen positions, in canvas pixels.

    A path is ["M", x, y], then ["Q", control x, control y, x, y] or ["L", x, y].
    """
    return [
        [(round(float(step[-2]), 1), round(float(step[-1]), 1)) for step in one["path"]]
        for one in objects
        if isinstance(one.get("path"), list)
    ]


def paths(strokes_drawn: list[list[tuple[float, float]]], pen: int) -> list[dict[str, Any]]:
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
        for stroke in strokes_drawn
    ]
