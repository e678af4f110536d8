"""Strokes that come from elsewhere, checked before anything is read in them."""

from collections.abc import Sequence

import numpy as np

from recognizer.errors import PictureError

Strokes = Sequence[np.ndarray]

MOST_STROKES = 1_000  # of one drawing
MOST_POSITIONS = 200_000  # of all its strokes


def check_strokes(strokes: Strokes) -> list[np.ndarray]:
    """Return the strokes of a drawing as float arrays of shape (n, 2), n at least 1.

    Raises:
        PictureError: they are no such strokes, or too many.
    """
    if len(strokes) > MOST_STROKES:
        raise PictureError(
            f"The drawing has {len(strokes):,} strokes; expected at most {MOST_STROKES:,}: "
            "draw fewer digits at once."
        )
    try:
        arrays = [np.asarray(stroke, dtype=float) for stroke in strokes]
        fine = all(a.ndim == 2 and a.shape[1] == 2 and len(a) for a in arrays)
        fine = fine and all(np.isfinite(a).all() and np.abs(a).max() < 1e6 for a in arrays)
    except (TypeError, ValueError):
        fine = False
    if not fine or sum(map(len, arrays)) > MOST_POSITIONS:
        raise PictureError(
            "The strokes are not lists of pen positions; expected arrays of shape (n, 2) below "
            f"1,000,000, {MOST_POSITIONS:,} positions at most: draw again."
        )
    return arrays
