"""The eraser: what is left of strokes after it has gone over them."""

from typing import Any

import cv2
import numpy as np

from pages.shared.canvas import fabric_paths

RADIUS = 14  # canvas pixels
MOST_PLACES = 5_000  # of one move of the eraser
_SIZE = fabric_paths.WIDE, fabric_paths.CANVAS_SIDE  # pixels that hold a canvas of either shape
_STEP = 1.0  # pixels between two places of a stroke that are looked at
_KEPT_EVERY = 3  # of those places, one goes into what is left: the canvas draws smooth lines


def erased(objects: list[dict[str, Any]], move: fabric_paths.Stroke) -> list[dict[str, Any]]:
    """Return the strokes without what lies under the eraser; untouched ones stay as they are.

    A stroke that is crossed leaves pieces of its own width. Its ink ends where the eraser's edge
    was: the round ends of a piece reach half a width beyond its last place.

    Args:
        objects: the strokes, as Fabric.js writes them.
        move: where the eraser's middle went, in canvas pixels; at least one place.
    """
    distance = _distance(move)
    left = []
    for one in objects:
        places = _sampled(one["path"])
        at = np.clip(places.round().astype(int), 0, np.array(_SIZE) - 1)
        kept = distance[at[:, 1], at[:, 0]] > RADIUS + float(one["strokeWidth"]) / 2
        if kept.all():
            left.append(one)
        else:
            left += fabric_paths.paths(_runs(places, kept), float(one["strokeWidth"]))
    return left if len(left) <= fabric_paths.MAX_STROKES else objects


def is_move(sent: object) -> bool:
    """Whether what a browser sent is a move of the eraser: it can send anything."""
    if not isinstance(sent, list) or not 0 < len(sent) <= MOST_PLACES:
        return False
    return all(
        isinstance(place, list)
        and len(place) == 2
        and all(isinstance(x, int | float) and abs(x) <= fabric_paths.REACH for x in place)
        for place in sent
    )


def _distance(move: fabric_paths.Stroke) -> np.ndarray:
    """Return how far each pixel of the canvas is from where the eraser went, in pixels."""
    room = RADIUS + fabric_paths.CANVAS_SIDE  # a move beside the canvas still reaches into it
    width, height = (side + 2 * room for side in _SIZE)
    outside = np.full((height, width), 255, np.uint8)
    places = np.clip(np.array(move) + room, 0, (width - 1, height - 1)).round().astype(np.int32)
    moved = places if len(places) > 1 else places.repeat(2, axis=0)  # one place draws no line
    cv2.polylines(outside, [moved.reshape(-1, 1, 2)], isClosed=False, color=0)
    found = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return found[room:-room, room:-room]


def _sampled(path: list[list[Any]]) -> np.ndarray:
    """Return places along a path of "M", "L" and quadratic "Q" steps, (n, 2), _STEP apart."""
    last = np.array(path[0][-2:], float)
    places = [last[np.newaxis]]
    for step in path[1:]:
        corners = np.array(step[1:], float).reshape(-1, 2)
        to, control = corners[-1], corners[0] if len(corners) > 1 else (last + corners[-1]) / 2
        length = np.linalg.norm(control - last) + np.linalg.norm(to - control)
        t = np.linspace(0, 1, min(2_000, int(length / _STEP) + 2))[1:, np.newaxis]
        places.append((1 - t) ** 2 * last + 2 * t * (1 - t) * control + t**2 * to)
        last = to
    return np.concatenate(places)


def _runs(places: np.ndarray, kept: np.ndarray) -> list[fabric_paths.Stroke]:
    """Return each unbroken run of kept places, thinned out, its last place among them."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], kept, [False]]).astype(int)))
    runs = []
    for begin, end in edges.reshape(-1, 2):
        thinned = np.concatenate([places[begin : end - 1 : _KEPT_EVERY], places[[end - 1]]])
        if end - begin > 1:  # a single place would be a dot that nobody has drawn
            runs.append([(round(float(x), 1), round(float(y), 1)) for x, y in thinned])
    return runs
