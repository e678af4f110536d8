"""How far each pixel of a photo is from its paper, in brightness and in colour."""

from collections.abc import Sequence

import cv2
import numpy as np

_LIGHT_SIDE = 160  # longer side at which a photo's light is estimated: a shadow's edge is soft
_LIGHT_WINDOW = 33  # of those pixels; a stroke is narrower
_COLOUR_SIDE = 96  # longer side at which a paper's colour is estimated, it changes slowly
_COLOUR_WINDOW = 29  # of those pixels; ink must cover less than half of it
_DARKEST = 24  # of 255: darker pixels' colour is mostly noise


def contrasts(
    channels: Sequence[np.ndarray], page: np.ndarray | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return a photo's contrast to the paper around it, in the ways in which ink may stand out.

    Ink changes the light on the paper by a share that is the same in light and shadow: it is
    darker, or brighter, or as bright but of another colour.

    Args:
        channels: one array of shape (h, w), uint8, or three: R, G and B.
        page: mask of shape (h, w), 255 on the paper; None where that is everywhere.

    Returns:
        pairs of arrays of shape (h, w), uint8: darker, brighter, and, of a photo in colour, other
        colour. The first of a pair is the contrast if ink stands out in this way; the second is
        less where that would not be ink but paper within ink that stands out in another way.
    """
    grey = cv2.GaussianBlur(_grey(channels), (3, 3), 0)
    usual = _usual(grey, page)
    ways = []
    for darker, bound in ((True, cv2.MORPH_CLOSE), (False, cv2.MORPH_OPEN)):
        lights = (*light(grey, page, bound), usual)
        within, beyond, least = (_apart(grey, lit, darker) for lit in lights)
        full = cv2.min(within, cv2.max(beyond, least))
        ways.append((full, cv2.min(full, least)))
    if len(channels) == 3:
        ways.append((_other_colour(channels, page),) * 2)
    return ways


def _apart(grey: np.ndarray, lit: np.ndarray, darker: bool) -> np.ndarray:
    """Return by how much a photo is darker than its light, in shares of 255, or brighter."""
    if not darker:
        return cv2.subtract(grey, lit)
    return cv2.divide(cv2.subtract(lit, grey), lit, scale=255)


def _grey(channels: Sequence[np.ndarray]) -> np.ndarray:
    """Return the luminance of RGB channels, or the one channel there is."""
    if len(channels) == 1:
        return channels[0]
    return cv2.cvtColor(cv2.merge(channels), cv2.COLOR_RGB2GRAY)


def _other_colour(channels, page) -> np.ndarray:
    """Return how far a channel's share of the light is from what it is on the paper around.

    In a shadow all channels fall alike, so that it is no other colour.
    """
    smooth = [cv2.GaussianBlur(channel, (5, 5), 0) for channel in channels]
    mean = cv2.transform(cv2.merge(smooth), np.full((1, 3), 1 / 3, np.float32))
    mean = cv2.max(mean, _DARKEST)
    farthest = np.zeros_like(mean)
    for channel in smooth:
        share = cv2.divide(channel, mean, scale=96)  # 96 is grey
        off = cv2.divide(share, cv2.max(_usual(share, page), 1), scale=128)
        farthest = cv2.max(farthest, cv2.absdiff(off, 128))
    return cv2.add(farthest, farthest)


def light(grey: np.ndarray, page: np.ndarray | None, way: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the light on a photo's paper, as if there were no ink; arrays of shape (h, w).

    A closing fills what is darker and narrower than its window and keeps a shadow's edge where it
    is, also below ink (Serra, 1982); an opening does so with what is brighter.
    A shadow along the border that is narrower than the window is taken for ink in the first, a
    strip or stroke along the border is taken for a shadow in the second.

    Args:
        grey: array of shape (h, w), uint8.
        page: mask of shape (h, w), 255 on the paper; None where that is everywhere.
        way: cv2.MORPH_CLOSE where ink is darker, cv2.MORPH_OPEN where it is brighter.
    """
    small = cv2.medianBlur(_reduced(grey, page, _LIGHT_SIDE), 3)
    window = np.ones((min(_LIGHT_WINDOW, 2 * min(small.shape) - 1),) * 2, np.uint8)
    reach = window.shape[0]
    wide = cv2.copyMakeBorder(small, *[reach] * 4, cv2.BORDER_REPLICATE)
    beyond = cv2.morphologyEx(wide, way, window)[reach:-reach, reach:-reach]
    lights = []
    for lit in (cv2.morphologyEx(small, way, window), beyond):
        off = int(np.median(lit.astype(np.int16) - small))  # the paper's own noise
        even = cv2.subtract(lit, off) if off > 0 else cv2.add(lit, -off)
        lights.append(cv2.resize(even, grey.shape[::-1], interpolation=cv2.INTER_LINEAR))
    return lights[0], lights[1]


def _usual(share: np.ndarray, page: np.ndarray | None) -> np.ndarray:
    """Return the median of the values in a wide window around each; array of shape (h, w)."""
    small = _reduced(share, page, _COLOUR_SIDE)
    # Mirrored at the border, so that a dark strip there stays the smaller part of the window.
    reach = min(_COLOUR_WINDOW // 2, min(small.shape) - 1)
    height, width = small.shape
    padded = cv2.copyMakeBorder(small, *[reach] * 4, cv2.BORDER_REFLECT_101)
    usual = cv2.medianBlur(padded, _COLOUR_WINDOW)[reach:, reach:][:height, :width]
    return cv2.resize(usual, share.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _reduced(values: np.ndarray, page: np.ndarray | None, side: int) -> np.ndarray:
    """Return values with a longer side of `side` pixels, those of the page spread beside it."""
    height, width = values.shape
    scale = side / max(values.shape)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    if page is None:
        return small
    return _spread(small, cv2.resize(page, size, interpolation=cv2.INTER_NEAREST))


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
