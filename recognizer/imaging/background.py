"""What a picture's background is: one colour, as in a drawing, or paper in changing light."""

from collections.abc import Sequence

import cv2
import numpy as np

AROUND_SHARE = 0.8  # of the outermost pixels are paper; at the rest, ink touches the edge
_FLAT_SHARE = 0.85  # of a drawing is exactly paper or ink, but for soft edges; of a photo, less
_EQUAL_SHARE = 0.5  # of a drawing's pixels are as their left neighbour, in a photo of paper less
_FLAT_SPREAD = 2  # of 255: what JPEG does to one colour
_LEAST_APART = 48  # of 255: ink that covers much of the border of a drawing, and its paper
_STEP = 4  # pixels between those that are counted, in a picture that is not tiny
_PHOTO_SIDE = 64  # a smaller picture is a drawing: a thumbnail has few equal neighbours


def is_grey(colours: Sequence[np.ndarray]) -> bool:
    """Whether R, G and B are the same everywhere."""
    red, green, blue = colours
    return not cv2.norm(red, green, cv2.NORM_INF) and not cv2.norm(red, blue, cv2.NORM_INF)


def is_flat(channel: np.ndarray) -> bool:
    """Whether the paper is one value, as in a drawing and in no photo.

    Then all around is paper, or nearly all is either paper or ink. Blown-out or hard light makes
    such photos too, but a camera's noise leaves few neighbours equal.
    """
    if max(channel.shape) <= _PHOTO_SIDE:
        return True
    equal = cv2.countNonZero(cv2.compare(channel[:, 1:], channel[:, :-1], cv2.CMP_EQ))
    if equal < _EQUAL_SHARE * channel.size:
        return False
    counts, around = histogram(channel), np.bincount(ring(channel), minlength=256)
    paper = _near(counts.argmax())
    if around[paper].sum() >= AROUND_SHARE * around.sum():
        return True
    rest = counts.copy()
    rest[paper] = 0
    if abs(int(rest.argmax()) - int(counts.argmax())) < _LEAST_APART:
        # Light and shadow on a dark board are so close, and so are a dark window and its border.
        return counts.max() + rest.max() >= _FLAT_SHARE * counts.sum()
    either = counts[paper].sum() + rest[_near(rest.argmax())].sum()
    return either >= _FLAT_SHARE * counts.sum()


def _near(value: int) -> slice:
    """Return the values that may be the same colour."""
    return slice(max(0, value - _FLAT_SPREAD), value + _FLAT_SPREAD + 1)


def ring(pixels: np.ndarray) -> np.ndarray:
    """Return the outermost pixels, array of shape (n,)."""
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def histogram(channel: np.ndarray) -> np.ndarray:
    """Return how many of every fourth pixel in every fourth row have each of the 256 values."""
    step = _STEP if max(channel.shape) > _PHOTO_SIDE else 1
    return np.bincount(channel[::step, ::step].ravel(), minlength=256)
