"""Reads a digit from the pen's path, as online handwriting recognition does.

probabilities, scores = read_paths([sample_drawing(strokes)])

A picture shows where ink lies, a path also how it came there: a 6 and a 0 that look alike are drawn
otherwise. So what both say together (`join`) is right more often than either.
"""

from recognizer.trajectory.features import STEP, sample
from recognizer.trajectory.network import (
    excess,
    is_digit,
    join,
    path_threshold,
    read_drawing,
    read_paths,
    sample_drawing,
)
from recognizer.trajectory.strokes import Strokes, check_strokes

__all__ = [
    "STEP",
    "Strokes",
    "check_strokes",
    "excess",
    "is_digit",
    "join",
    "path_threshold",
    "read_drawing",
    "read_paths",
    "sample",
    "sample_drawing",
]
