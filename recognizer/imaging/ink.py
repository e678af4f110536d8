"""Where the ink is: a drawing or a photo -> how much ink lies on each pixel.

Drawings and photos take the same way but for the background: that of a drawing is one colour, that
of a photo changes from place to place with the light. The picture itself shows which it is.
"""

import functools
from collections.abc import Sequence

import cv2
import numpy as np

WORKING_SIDE = 640  # longer side at which ink is looked for: it is 20 pixels in the end
MIN_CONTRAST = 24  # of 255: less is a stain, a fold or JPEG's noise, not ink

_FLAT_SHARE = 0.85  # of a drawing is exactly paper or ink, but for soft edges; of a photo, less
_EQUAL_SHARE = 0.5  # of a drawing's pixels are as their left neighbour, in a photo of paper less
_AROUND_SHARE = 0.8  # of the outermost pixels are paper; at the rest, ink touches the edge
_FLAT_SPREAD = 2  # of 255: what JPEG does to one colour
_STEP = 4  # pixels between those that are counted, in a picture that is not tiny
_PHOTO_SIDE = 64  # a smaller picture is a drawing: a thumbnail has few equal neighbours
_CLEAR = 8  # of 255: what is less opaque cannot be seen
_CLEAR_SHARE = 0.25  # of pixels transparent: the drawing is what is not (rounded corners are less)
_SOLID = 128  # of 255: what is more opaque shows its own colour
_EDGE = np.ones((5, 5), np.uint8)  # around what is transparent colours may be mixed
_LIGHT_SIDE = 96  # longer side at which a photo's light is estimated, it changes slowly
_LIGHT_WINDOW = 29  # of those pixels; ink must cover less than half of it
_NOISE = 6.0  # standard deviations of the paper that ink stands out by
_SHARP = 0.5  # of its contrast that ink gains within 2 pixels; shadows gain less
_CLEARLY = 2  # times the floor that ink out of focus reaches
_FLECK = 0.01  # of the largest part's area: less is dust
_REACH = 1.5  # of its own longer side that a part may lie from the rest
_BESIDE = 0.2  # of the rest's longer side that any part may lie from it
_SOFT_EDGE = 0.1  # of the strongest ink: less is JPEG's noise around a drawing's lines
_PHOTO_EDGE = 0.4  # of the strongest ink: less is a ruled line, or what shines through the paper
_FRAME_SHARE = 0.95  # of the outermost pixels that a frame covers
_MIN_SIDE = 4  # pixels: a smaller drawing is a speck


def find_ink(image: np.ndarray) -> np.ndarray:
    """Return how much ink lies on each pixel, dots far from the rest left out.

    Args:
        image: array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8.

    Returns:
        array of shape (h, w), uint8, 255 where ink is fullest and 0 on paper; (h, w) is (H, W),
        or less when its longer side is over `WORKING_SIDE`. All 0 when nothing is drawn.
    """
    channels = cv2.split(_shrink(image))  # 1, 3 or 4 of (h, w)
    colours, alpha = channels[:3], channels[3] if len(channels) == 4 else None
    if alpha is not None and cv2.minMaxLoc(alpha)[0] < 255:
        surrounded = _is_surrounded(alpha)
        if surrounded and _is_one_colour(colours, alpha):
            return _clean(alpha, _SOFT_EDGE)
        colours = _on_paper(image, [255] * 3 if surrounded else _commonest(colours, alpha))
    if all(_is_flat(channel) for channel in colours):
        return _clean(_distance(colours), _SOFT_EDGE)
    return _clean(_against_light(_grey(colours)), _PHOTO_EDGE)


def _shrink(image: np.ndarray) -> np.ndarray:
    """Return the image with a longer side of at most `WORKING_SIDE`, contiguous."""
    image = np.ascontiguousarray(image)
    whole = max(image.shape[:2]) // WORKING_SIDE
    if whole > 1 and min(image.shape[:2]) >= WORKING_SIDE // 4:
        # Whole steps take a fifth of the time; a last row of less than one step is left out.
        height, width = (side // whole for side in image.shape[:2])
        image = _resize(image[: height * whole, : width * whole], width, height)
    height, width = image.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    if scale >= 1:
        return image
    return _resize(image, max(1, round(width * scale)), max(1, round(height * scale)))


def _resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def _is_surrounded(alpha: np.ndarray) -> bool:
    """Whether so much is transparent that there is no paper but for what is not."""
    clear = alpha.size - cv2.countNonZero(_at_least(alpha, _CLEAR))
    return clear >= _CLEAR_SHARE * alpha.size


def _is_one_colour(colours: Sequence[np.ndarray], alpha: np.ndarray) -> bool:
    """Whether what is not transparent is ink alone, rather than a card with ink on it."""
    inside = cv2.erode(_at_least(alpha, _SOLID), _EDGE)
    extremes = (cv2.minMaxLoc(channel, inside)[:2] for channel in colours)
    return all(high - low < MIN_CONTRAST for low, high in extremes)


def _commonest(colours: Sequence[np.ndarray], alpha: np.ndarray) -> list[int]:
    """Return the commonest value in each channel of what is not transparent: the paper's."""
    solid = alpha >= min(_SOLID, alpha.max())
    return [int(np.bincount(channel[solid]).argmax()) for channel in colours]


def _on_paper(image: np.ndarray, paper: Sequence[int]) -> list[np.ndarray]:
    """Return the shrunk R, G and B of an RGBA image as seen on paper of a colour."""
    image = np.ascontiguousarray(image)  # not shrunk yet: that mixes in what cannot be seen
    alpha = cv2.extractChannel(image, 3)
    clear = cv2.bitwise_not(alpha)
    seen = (cv2.multiply(cv2.extractChannel(image, i), alpha, scale=1 / 255) for i in range(3))
    behind = (cv2.convertScaleAbs(clear, alpha=value / 255) for value in paper)
    return [_shrink(cv2.add(*both)) for both in zip(seen, behind, strict=True)]


def _is_flat(channel: np.ndarray) -> bool:
    """Whether the paper is one value, as in a drawing and in no photo.

    Then all around is paper, or nearly all is either paper or ink. Blown-out or hard light makes
    such photos too, but a camera's noise leaves few neighbours equal.
    """
    if max(channel.shape) <= _PHOTO_SIDE:
        return True
    equal = cv2.countNonZero(cv2.compare(channel[:, 1:], channel[:, :-1], cv2.CMP_EQ))
    if equal < _EQUAL_SHARE * channel.size:
        return False
    counts, around = _histogram(channel), np.bincount(_ring(channel), minlength=256)
    paper = _near(counts.argmax())
    if around[paper].sum() >= _AROUND_SHARE * around.sum():
        return True
    rest = counts.copy()
    rest[paper] = 0
    either = counts[paper].sum() + rest[_near(rest.argmax())].sum()
    return either >= _FLAT_SHARE * counts.sum()


def _near(value: int) -> slice:
    """Return the values that may be the same colour."""
    return slice(max(0, value - _FLAT_SPREAD), value + _FLAT_SPREAD + 1)


def _ring(pixels: np.ndarray) -> np.ndarray:
    """Return the outermost pixels, array of shape (n,)."""
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def _histogram(channel: np.ndarray) -> np.ndarray:
    """Return how many of every fourth pixel in every fourth row have each of the 256 values."""
    step = _STEP if max(channel.shape) > _PHOTO_SIDE else 1
    return np.bincount(channel[::step, ::step].ravel(), minlength=256)


def _distance(channels: Sequence[np.ndarray]) -> np.ndarray:
    """Return how far each pixel is from the commonest colour, in its farthest channel."""
    papers = [int(_histogram(channel).argmax()) for channel in channels]
    distances = [
        cv2.LUT(channel, np.abs(np.arange(256) - paper).astype(np.uint8))
        for channel, paper in zip(channels, papers, strict=True)
    ]
    return functools.reduce(cv2.max, distances)


def _grey(channels: Sequence[np.ndarray]) -> np.ndarray:
    """Return the luminance of RGB channels, or the one channel there is."""
    if len(channels) == 1:
        return channels[0]
    return cv2.cvtColor(cv2.merge(channels), cv2.COLOR_RGB2GRAY)


def _against_light(grey: np.ndarray) -> np.ndarray:
    """Return a photo's contrast to the paper around it, where it is ink; array of shape (h, w).

    The light on the paper is the median of a wide window. Ink darkens it by a share that is the
    same in light and shadow.
    """
    grey = cv2.GaussianBlur(grey, (3, 3), 0)
    light = _light(grey)
    dark = cv2.divide(cv2.subtract(light, grey), light, scale=255)
    bright = cv2.subtract(grey, light)
    noise = 1.4826 * float(np.median(cv2.max(dark, bright)))
    floor = max(MIN_CONTRAST, _NOISE * noise)
    return max(_sharp(dark, floor), _sharp(bright, floor), key=cv2.norm)


def _sharp(contrast: np.ndarray, floor: float) -> np.ndarray:
    """Return the contrast of the parts that reach the floor and are ink; array of shape (h, w).

    Ink has an edge, what is left of a shadow fades. Where all fades the photo is out of focus, and
    a shadow is recognised by its reaching the photo's edge. So does a table around the paper.
    """
    count, labels, stats = _components(_at_least(contrast, floor))
    edges = cv2.morphologyEx(contrast, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    heights, slopes = _maxima(contrast, labels, count), _maxima(edges, labels, count)
    ends = stats[:, :2] + stats[:, 2:4]
    inside = (stats[:, :2] > 0).all(axis=1) & (ends < contrast.shape[::-1]).all(axis=1)
    sharp = (slopes >= _SHARP * heights) & (slopes >= _SHARP * slopes.max())
    for ink in (sharp & inside, sharp, inside & (heights >= _CLEARLY * floor)):
        if ink[1:].any():
            return cv2.copyTo(contrast, _chosen(labels, ink))
    return np.zeros_like(contrast)


def _light(grey: np.ndarray) -> np.ndarray:
    """Return the light on a photo's paper, as if there were no ink; array of shape (h, w)."""
    height, width = grey.shape
    scale = _LIGHT_SIDE / max(grey.shape)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    light = cv2.medianBlur(_resize(grey, *size), _LIGHT_WINDOW)
    return cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)


def _clean(contrast: np.ndarray, edge: float) -> np.ndarray:
    """Return the ink of a contrast image, stretched to 255; all 0 when there is none.

    Left out are strays, and what has less than `edge` of the strongest contrast.
    """
    peak = cv2.minMaxLoc(contrast)[1]
    mask = _at_least(contrast, max(MIN_CONTRAST / 2, peak * edge))
    count, labels, stats = _components(mask)
    if count > 2:
        stats[_frame(labels)] = 0
        mask = _chosen(labels, _without_strays(stats))
    if peak < MIN_CONTRAST or max(cv2.boundingRect(mask)[2:]) < _MIN_SIDE:
        return np.zeros_like(contrast)
    return cv2.convertScaleAbs(cv2.copyTo(contrast, mask), alpha=255 / peak)


def _frame(labels: np.ndarray) -> int:
    """Return the part that runs all around the picture, 0 when none does."""
    counts = np.bincount(_ring(labels))
    return int(counts.argmax()) if counts.max() >= _FRAME_SHARE * counts.sum() else 0


def _at_least(values: np.ndarray, least: float) -> np.ndarray:
    """Return a mask of the values' shape, 255 where a value is `least` or more."""
    return cv2.threshold(values, np.ceil(least) - 1, 255, cv2.THRESH_BINARY)[1]


def _components(mask: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the number of parts that hang together, the part of each pixel, and a row for each.

    Part 0 is all that is not in the mask. A row is x, y, width, height and area.
    """
    # 16 bits halve the time; they hold the worst case, a part in every fourth pixel.
    depth = cv2.CV_16U if mask.size < 4 * 2**16 else cv2.CV_32S
    return cv2.connectedComponentsWithStats(mask, ltype=depth)[:3]


def _maxima(values: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Return the largest value in each part, 0 for what is in none; array of shape (count,)."""
    inside = labels > 0
    maxima = np.zeros(count)
    np.maximum.at(maxima, labels[inside], values[inside])
    return maxima


def _chosen(labels: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Return a mask of shape (h, w), 255 in the parts for which `parts` is true."""
    values = np.where(parts, np.uint8(255), np.uint8(0))
    values[0] = 0
    return values[labels]


def _without_strays(stats: np.ndarray) -> np.ndarray:
    """Return which parts belong to the digit, array of shape (count,), bool.

    The largest does, and from there each whose gap to the box of what is kept is small against
    its own size (a 5's flag) or that box's (a dot beside it). Dust never does.
    """
    low, sides = stats[:, :2].astype(float), stats[:, 2:4].max(axis=1)  # (count, 2), (count,)
    high, areas = low + stats[:, 2:4], stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    large = areas >= max(1, _FLECK * areas.max())
    kept = np.arange(len(stats)) == areas.argmax()
    while True:
        start, end = low[kept].min(axis=0), high[kept].max(axis=0)
        gaps = np.linalg.norm(np.maximum(low - end, start - high).clip(0), axis=1)
        near = large & (gaps <= np.maximum(_REACH * sides, _BESIDE * (end - start).max()))
        if (near <= kept).all():
            return kept
        kept |= near
