"""The pieces that a line is made of, in order, and the candidates: runs of neighbouring pieces.

A piece is a stroke, a connected component, or a part of one where a cut may separate two digits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recognizer.trajectory import read_paths

RUN = 4  # strokes or components that one digit has at most
WHOLE = 12  # pieces that all together may be one digit
WIDEST = 1.6  # line heights: a wider candidate is no single digit
FARTHEST = 0.35  # line heights between two pieces of one digit


@dataclass(frozen=True, eq=False)
class Pieces:
    """One line's pieces from left to right.

    Attributes:
        boxes: array of shape (n, 4), float: left, top, right and bottom of each, in pixels.
        parts: array of shape (n,), int: the stroke or component that each is from.
        height: of the line's digits, in pixels.
        middle: array of shape (n,), float: y of the line's middle at each piece.
        outlines: arrays of shape (k, 2), float: some positions on each piece's ink.
        numbers: array of shape (n,), int: the stroke of the drawing that each is from; None for a
            picture.
        image: returns the picture of pieces first to last - 1, (28, 28) uint8, in MNIST's form.
        paths: the pen's path of each, as `trajectory.sample` returns it; None for a picture.
    """

    boxes: np.ndarray
    parts: np.ndarray
    height: float
    middle: np.ndarray
    outlines: tuple[np.ndarray, ...]
    image: Callable[[int, int], np.ndarray]
    numbers: np.ndarray | None = None
    paths: tuple[np.ndarray, ...] | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    def strokes(self, first: int, last: int) -> tuple[int, ...]:
        """Return the numbers of the strokes that pieces first to last - 1 are from, in order."""
        if self.numbers is None:
            return ()
        return tuple(sorted(set(self.numbers[first:last].tolist())))


@dataclass(frozen=True, eq=False)
class Candidates:
    """Runs of neighbouring pieces, each perhaps one character.

    Attributes:
        first, last: arrays of shape (m,), int: candidate k is pieces first[k] to last[k] - 1.
        boxes: array of shape (m, 4), float: left, top, right, bottom.
    """

    first: np.ndarray
    last: np.ndarray
    boxes: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def take(self, kept: np.ndarray) -> "Candidates":
        """Return some of them: `kept` is an array of shape (m,), bool."""
        return Candidates(self.first[kept], self.last[kept], self.boxes[kept])


def candidates(pieces: Pieces) -> Candidates:
    """Return the runs of pieces that may be one character; single pieces always are."""
    spans, boxes = [], []
    every, parts = pieces.boxes.tolist(), pieces.parts.tolist()
    for first, box in enumerate(every):
        spans.append((first, first + 1))
        boxes.append(box)
        for last in range(first + 2, len(pieces) + 1):
            following = every[last - 1]
            apart = following[0] - box[2]
            box = [*map(min, box[:2], following[:2]), *map(max, box[2:], following[2:])]
            runs = len(set(parts[first:last]))
            if apart > FARTHEST * pieces.height or runs > RUN or _is_wide(box, pieces.height):
                break
            spans.append((first, last))
            boxes.append(box)
    if (0, len(pieces)) not in spans:
        whole = np.concatenate([pieces.boxes[:, :2].min(axis=0), pieces.boxes[:, 2:].max(axis=0)])
        if not _is_wide(whole, pieces.height) and len(pieces) <= WHOLE:
            spans.append((0, len(pieces)))  # one digit in many strokes
            boxes.append(whole.tolist())
    first, last = np.array(spans).T
    return Candidates(first, last, np.array(boxes))


def draw(pieces: Pieces, found: Candidates) -> np.ndarray:
    """Return the picture of each candidate, array of shape (m, 28, 28), uint8."""
    spans = zip(found.first.tolist(), found.last.tolist(), strict=True)
    return np.stack([pieces.image(*span) for span in spans])


def read_candidates(pieces: Pieces, found: Candidates) -> tuple[np.ndarray, np.ndarray]:
    """Return what `trajectory.read_paths` reads in each candidate of a drawn line."""
    spans = zip(found.first.tolist(), found.last.tolist(), strict=True)
    return read_paths([pieces.paths[first:last] for first, last in spans])


def _is_wide(box: Sequence[float], height: float) -> bool:
    return box[2] - box[0] > WIDEST * height


def line_middle(boxes: np.ndarray, height: float, slope: float) -> np.ndarray:
    """Return y of the line's middle at each box: a line of the slope through the tall ones."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    tall = boxes[:, 3] - boxes[:, 1] >= 0.6 * height
    level = y - slope * x
    return np.median(level[tall] if tall.any() else level) + slope * x
