"""Where the ink is: a drawing or a photo -> how much ink lies on each pixel.

Drawings and photos take the same way but for the background: that of a drawing is one colour, that
of a photo changes from place to place with the light. The picture itself shows which it is.
"""

import functools
from collections.abc import Sequence

import cv2
import numpy as np

from recognizer.imaging import page
from recognizer.imaging.background import AROUND_SHARE, histogram, is_flat, is_grey, ring
from recognizer.imaging.cleaning import ENCLOSURE, MIN_CONTRAST, MIN_SIDE, Ink, clean, ink_mask
from recognizer.imaging.colour import contrasts
from recognizer.imaging.parts import at_least, chosen, components, maxima
from recognizer.imaging.rules import without_rules

WORKING_SIDE = 640  # longer side at which ink is looked for: it is 20 pixels in the end

TABLE = "what lies beside the page"
STRIPS = "a strip or frame at the border"
RULES = "ruled lines"
PANEL = "what lies around the panel"

_TRUST = (1, 1, 0.6)  # in darker, brighter and other colour: a camera's colours are noisier
_OF_STRIPS = 0.001  # weight of strips in how much ink there is: only where there is nothing else
_ON_BOXED = 0.25  # of the ink in a box: it is rules within squared paper
_ON_RULES = 0.5  # of a part's area: it is what is left of a rule
_CLEAR = 8  # of 255: what is less opaque cannot be seen
_CLEAR_SHARE = 0.25  # of pixels transparent: the drawing is what is not (rounded corners are less)
_SOLID = 128  # of 255: what is more opaque shows its own colour
_EDGE = np.ones((5, 5), np.uint8)  # around what is transparent colours may be mixed
_NOISE = 6.0  # standard deviations of the paper that ink stands out by
_SHARP = 0.5  # of its contrast that ink gains within 2 pixels; shadows gain less
_CLEARLY = 2  # times the floor that ink out of focus reaches
_SOFT_EDGE = 0.1  # of the strongest ink: less is JPEG's noise around a drawing's lines
_PHOTO_EDGE = 0.4  # of the strongest ink: less is a ruled line, or what shines through the paper


def find_ink(image: np.ndarray, *, paper: Sequence[int] | None = None) -> Ink:
    """Return how much ink lies on each pixel, dots far from the rest left out.

    Args:
        image: array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8.
        paper: the paper's colour, one value or R, G and B, where that is known, as on a canvas;
            else the picture tells.
    """
    channels = cv2.split(_shrink(image))  # 1, 3 or 4 of (h, w)
    colours, alpha = channels[:3], channels[3] if len(channels) == 4 else None
    if alpha is not None and cv2.minMaxLoc(alpha)[0] < 255:
        surrounded = _is_surrounded(alpha)
        if surrounded and _is_one_colour(colours, alpha):
            return clean(alpha, _SOFT_EDGE)
        colours = _on_paper(image, [255] * 3 if surrounded else _commonest(colours, alpha))
    if paper is not None:
        return clean(_distance(colours, paper), _SOFT_EDGE, all_ink=True)
    if len(colours) == 3 and is_grey(colours):
        colours = colours[:1]  # saves two thirds of the time
    if all(is_flat(channel) for channel in colours):
        return _in_drawing(colours)
    return _in_photo(colours)


def _in_drawing(colours: Sequence[np.ndarray]) -> Ink:
    """Find the ink in a drawing or a screenshot, whose paper is one colour."""
    distance = _distance(colours, [int(histogram(channel).argmax()) for channel in colours])
    mask = ink_mask(distance, _SOFT_EDGE)
    around = np.mean(ring(mask)) >= 255 * AROUND_SHARE  # the panel is most of the picture
    outside = ink_mask(_distance(colours, _around(colours)), _SOFT_EDGE) if around else mask
    panel = page.find_panel(outside)
    if panel is not None:
        x, y, width, height = panel
        rim = max(1, round(0.01 * min(width, height)))
        inner = [c[y + rim : y + height - rim, x + rim : x + width - rim] for c in colours]
        found = _within_panel([np.ascontiguousarray(one) for one in inner])
        if found is not None:
            ink = np.zeros_like(distance)
            ink[y + rim : y + height - rim, x + rim : x + width - rim] = found.ink
            left_out = np.full_like(ink, 255)
            left_out[y : y + height, x : x + width] = 0
            return Ink(ink, (PANEL, *found.removed), left_out)
    cleared, removed = _without_strips(distance, mask)
    return clean(cleared, _SOFT_EDGE, removed, mask)


def _within_panel(colours: Sequence[np.ndarray]) -> Ink | None:
    """Find the ink on a panel, None when there is none."""
    found = clean(_distance(colours, _around(colours)), _SOFT_EDGE)
    return found if found.ink.any() else None


def _around(colours: Sequence[np.ndarray]) -> list[int]:
    """Return the commonest value of the outermost pixels in each channel."""
    return [int(np.bincount(ring(channel), minlength=256).argmax()) for channel in colours]


def _without_strips(contrast: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the contrast without strips along the border, unless these are all there is."""
    strips = _strips(mask)
    if strips is None:
        return contrast, ()
    left = cv2.bitwise_and(mask, cv2.bitwise_not(strips))
    if max(cv2.boundingRect(left)[2:]) < MIN_SIDE:
        return contrast, ()
    return cv2.copyTo(contrast, cv2.bitwise_not(strips)), (STRIPS,)


def _strips(mask: np.ndarray) -> np.ndarray | None:
    """Return what runs along the border, a mask of shape (h, w); None where nothing does."""
    if np.mean(ring(mask)) < 255 * page.LEAST_OF_BORDER:
        return None
    strips = page.strips(mask)
    return strips if strips.any() else None


def _in_photo(colours: Sequence[np.ndarray]) -> Ink:
    """Find the ink in a photo, whose background changes with the light."""
    sheet = page.find_page(cv2.merge(colours))
    if sheet is not None:
        found = _on_paper_in_light(colours, sheet)
        if found.ink.any():
            left_out = cv2.bitwise_not(sheet)
            if found.left_out is not None:
                left_out |= found.left_out
            return Ink(found.ink, (TABLE, *found.removed), left_out)
    return _on_paper_in_light(colours, None)


def _on_paper_in_light(colours: Sequence[np.ndarray], sheet: np.ndarray | None) -> Ink:
    """Find the ink on a sheet of paper, None where that is all of the picture."""
    ways = contrasts(colours, sheet)
    noise = [cv2.max(ways[0][1], ways[1][1])] * 2 + [way for way, _ in ways[2:]]
    floors = [_floor(one, sheet) for one in noise]
    if sheet is not None:
        ways = [tuple(cv2.copyTo(one, sheet) for one in way) for way in ways]
    contrast, floor, ink = _clearest(ways, floors, sheet)
    cleared, removed = _without_strips(contrast, at_least(contrast, floor))
    cleared, rules = without_rules(cleared)
    if rules.any() and not removed:
        boxed = clean(ink, _PHOTO_EDGE)  # the long sides of a box look like rules
        if ENCLOSURE in boxed.removed and not _lies_on(boxed.ink, rules):
            return boxed
    if removed or rules.any():
        left = _sharp(cleared, floor, sheet, rules)
        if left.any():
            removed += (RULES,) * bool(rules.any())
            return clean(left, _PHOTO_EDGE, removed, at_least(contrast, floor))
    return clean(ink, _PHOTO_EDGE)


def _lies_on(ink: np.ndarray, rules: np.ndarray) -> bool:
    """Whether a large part of the ink lies on rules."""
    on_rules = cv2.countNonZero(cv2.bitwise_and(ink, rules))
    return on_rules >= _ON_BOXED * max(1, cv2.countNonZero(ink))


def _floor(contrast: np.ndarray, sheet: np.ndarray | None) -> float:
    """Return the least contrast that is no noise."""
    counts = cv2.calcHist([contrast], [0], sheet, [256], [0, 256]).ravel().cumsum()
    median = float(np.searchsorted(counts, counts[-1] / 2))
    return max(MIN_CONTRAST, _NOISE * 1.4826 * median)


def _clearest(
    ways: Sequence[tuple[np.ndarray, np.ndarray]],
    floors: Sequence[float],
    sheet: np.ndarray | None,
) -> tuple[np.ndarray, float, np.ndarray]:
    """Return the contrast in which ink stands out the most, its floor, and what is ink in it."""
    best, chosen_way = 0.0, 0
    bounds = [
        cv2.norm(certain, cv2.NORM_L2, at_least(certain, floor)) * trust
        for (_, certain), floor, trust in zip(ways, floors, _TRUST, strict=False)
    ]
    for i in np.argsort(bounds)[::-1]:
        if bounds[i] <= best:
            break  # even if all of it were ink
        if (norm := _ink_norm(ways[i][1], floors[i], sheet) * _TRUST[i]) > best:
            best, chosen_way = norm, i
    contrast, floor = ways[chosen_way][0], floors[chosen_way]
    return contrast, floor, _sharp(contrast, floor, sheet) if best else np.zeros_like(contrast)


def _ink_norm(contrast: np.ndarray, floor: float, sheet: np.ndarray | None) -> float:
    """Return how much ink there is; a strip along the border counts next to nothing."""
    strips = _strips(at_least(contrast, floor))
    if strips is None:
        return cv2.norm(_sharp(contrast, floor, sheet))
    left = _sharp(cv2.copyTo(contrast, cv2.bitwise_not(strips)), floor, sheet)
    return cv2.norm(left) + _OF_STRIPS * cv2.norm(contrast, cv2.NORM_L2, strips)


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
    clear = alpha.size - cv2.countNonZero(at_least(alpha, _CLEAR))
    return clear >= _CLEAR_SHARE * alpha.size


def _is_one_colour(colours: Sequence[np.ndarray], alpha: np.ndarray) -> bool:
    """Whether what is not transparent is ink alone, rather than a card with ink on it."""
    inside = cv2.erode(at_least(alpha, _SOLID), _EDGE)
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


def _distance(channels: Sequence[np.ndarray], paper: Sequence[int]) -> np.ndarray:
    """Return how far each pixel is from the paper's colour, in its farthest channel."""
    distances = [
        cv2.LUT(channel, np.abs(np.arange(256) - value).astype(np.uint8))
        for channel, value in zip(channels, paper, strict=True)
    ]
    return functools.reduce(cv2.max, distances)


def _sharp(
    contrast: np.ndarray,
    floor: float,
    sheet: np.ndarray | None,
    rules: np.ndarray | None = None,
) -> np.ndarray:
    """Return the contrast of the parts that reach the floor and are ink; array of shape (h, w).

    Ink has an edge, what is left of a shadow fades. Where all fades the photo is out of focus, and
    a shadow is told by its running out of the photo. What lies on rules is left of these.
    """
    count, labels, stats = components(at_least(contrast, floor))
    edges = cv2.morphologyEx(contrast, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    if sheet is not None:  # where it ends is no edge of ink
        edges = cv2.copyTo(edges, cv2.erode(sheet, np.ones((3, 3), np.uint8)))
    heights, slopes = maxima(contrast, labels, count), maxima(edges, labels, count)
    ends = stats[:, :2] + stats[:, 2:4]
    inside = (stats[:, :2] > 0).all(axis=1) & (ends < contrast.shape[::-1]).all(axis=1)
    if rules is not None and count > 1:
        on_rules = np.bincount(labels[rules > 0], minlength=count)
        off = on_rules < _ON_RULES * stats[:, cv2.CC_STAT_AREA]
        slopes, heights = slopes * off, heights * off
        inside &= off
    sharp = (slopes > 0) & (slopes >= _SHARP * heights) & (slopes >= _SHARP * slopes.max())
    for ink in (sharp & inside, sharp, inside & (heights >= _CLEARLY * floor)):
        if ink[1:].any():
            return cv2.copyTo(contrast, chosen(labels, ink))
    return np.zeros_like(contrast)
