"""How far each pixel of a photo is from its paper, in brightness and in colour."""

from collections.abc import Sequence

import cv2
import numpy as np

_LIGHT_SIDE = 96  # longer side at which a photo's light is estimated, it changes slowly
_LIGHT_WINDOW = 29  # of those pixels; ink must cover less than half of it


def contrasts(channels: Sequence[np.ndarray], page: np.ndarray | None) -> list[np.ndarray]:
    """Return a photo's contrast to the paper around it, in the ways in which ink may stand out.

    The light on the paper is the median of a wide window. Ink changes it by a share that is the
    same in light and shadow: it is darker, or brighter, or as bright but of another colour.

    Args:
        channels: one array of shape (h, w), uint8, or three: R, G and B.
        page: mask of shape (h, w), 255 on the paper; None where that is everywhere.

    Returns:
        arrays of shape (h, w), uint8: darker, brighter, and, of a photo in colour, other colour.
    """
    grey = cv2.GaussianBlur(_grey(channels), (3, 3), 0)
    lit = light(grey, page)
    dark = cv2.divide(cv2.subtract(lit, grey), lit, scale=255)
    ways = [dark, cv2.subtract(grey, lit)]
    if len(channels) == 3:
        ways.append(_other_colour(channels, cv2.divide(grey, lit, scale=128), page))
    return ways


def _grey(channels: Sequence[np.ndarray]) -> np.ndarray:
    """Return the luminance of RGB channels, or the one channel there is."""
    if len(channels) == 1:
        return channels[0]
    return cv2.cvtColor(cv2.merge(channels), cv2.COLOR_RGB2GRAY)


def _other_colour(channels, brightness: np.ndarray, page) -> np.ndarray:
    """Return how far a channel's share of its light is from that of the brightness.

    In a shadow both fall alike, so that it is no other colour.
    """
    farthest = np.zeros_like(brightness)
    for channel in channels:
        smooth = cv2.GaussianBlur(channel, (5, 5), 0)
        share = cv2.divide(smooth, cv2.max(light(smooth, page), 24), scale=128)
        farthest = cv2.max(farthest, cv2.absdiff(share, brightness))
    return cv2.add(farthest, farthest)


def light(grey: np.ndarray, page: np.ndarray | None) -> np.ndarray:
    """Return the light on a photo's paper, as if there were no ink; array of shape (h, w)."""
    height, width = grey.shape
    scale = _LIGHT_SIDE / max(grey.shape)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    if page is not None:
        small = _spread(small, cv2.resize(page, size, interpolation=cv2.INTER_NEAREST))
    # Mirrored at the border, so that a dark strip there stays the smaller part of the window.
    reach = min(_LIGHT_WINDOW // 2, min(small.shape) - 1)
    padded = cv2.copyMakeBorder(small, *[reach] * 4, cv2.BORDER_REFLECT_101)
    lit = cv2.medianBlur(padded, _LIGHT_WINDOW)[reach:, reach:][: size[1], : size[0]]
    return cv2.resize(lit, (width, height), interpolation=cv2.INTER_LINEAR)


def _spread(small: np.ndarray, page: np.ndarray) -> np.ndarray:
    """Return the page's values, and beside it that of the nearest place on it."""
    if not page.any():
        return small
    _, nearest = cv2.distanceTransformWithLabels(
        cv2.bitwise_not(page), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    values = np.zeros(int(nearest.max()) + 1, np.uint8)
    values[nearest[page > 0]] = small[page > 0]
    return values[nearest]
