"""From contrast to ink: what is not part of the digit is left out."""

from dataclasses import dataclass

import cv2
import numpy as np

from recognizer.imaging import enclosures
from recognizer.imaging.background import ring
from recognizer.imaging.parts import at_least, chosen, components

ENCLOSURE = "a box or circle around the digit"
LINE = "a line below the digit"

MIN_CONTRAST = 24  # of 255: less is a stain, a fold or JPEG's noise, not ink
MIN_SIDE = 4  # pixels: a smaller drawing is a speck
_FOOT = 0.06  # of the digit's height: what is closer below it is its foot, not a line under it
_FLECK = 0.01  # of the largest part's area: less is dust
_REACH = 1.5  # of its own longer side that a part may lie from the rest
_BESIDE = 0.2  # of the rest's longer side that any part may lie from it
_FRAME_SHARE = 0.95  # of the outermost pixels that a frame covers


@dataclass(frozen=True, eq=False)
class Ink:
    """What was found in a picture.

    Attributes:
        ink: array of shape (h, w), uint8, 255 where ink is fullest and 0 on paper; (h, w) is the
            picture's (H, W), or less when its longer side is over `WORKING_SIDE`. All 0 when
            nothing is drawn.
        removed: what was left out, in words: "ruled lines", "a box or circle".
        left_out: mask of the ink's shape, 255 where that lay; None where nothing was.
    """

    ink: np.ndarray
    removed: tuple[str, ...] = ()
    left_out: np.ndarray | None = None


def ink_mask(contrast: np.ndarray, edge: float) -> np.ndarray:
    """Return where ink is, 255 there; (h, w)."""
    return at_least(contrast, max(MIN_CONTRAST / 2, cv2.minMaxLoc(contrast)[1] * edge))


def clean(
    contrast: np.ndarray,
    edge: float,
    removed: tuple[str, ...] = (),
    seen: np.ndarray | None = None,
    *,
    all_ink: bool = False,
) -> Ink:
    """Return the ink of a contrast image, stretched to 255; all 0 when there is none.

    Left out are what encloses a digit or underlines it, strays, and what has less than `edge` of
    the strongest contrast.

    Args:
        contrast: array of shape (h, w), uint8.
        edge: share of the strongest contrast that ink has.
        removed: what was left out before, in words.
        seen: mask of shape (h, w), 255 where something stood out before that.
        all_ink: whether nothing is around or under the digit but ink, as on a canvas.
    """
    peak = cv2.minMaxLoc(contrast)[1]
    mask = ink_mask(contrast, edge)
    seen = mask if seen is None else seen
    count, labels, stats = components(mask)
    if count > 2:
        stats[_frame(labels)] = 0
    within = None if all_ink else enclosures.inside(mask, labels, stats)
    if within is not None:
        removed += (ENCLOSURE,)
        mask = within
        count, labels, stats = components(mask)
        peak = cv2.minMaxLoc(contrast, mask)[1]
    if count > 2:
        kept = _without_strays(stats)
        under = enclosures.lines_below(labels, stats, kept, _FOOT)
        if under.any() and not all_ink:
            removed += (LINE,)
            stats[under] = 0
            kept = _without_strays(stats)
        mask = chosen(labels, kept)
    left_out = cv2.bitwise_and(seen, cv2.bitwise_not(mask)) if removed else None
    if peak < MIN_CONTRAST or max(cv2.boundingRect(mask)[2:]) < MIN_SIDE:
        return Ink(np.zeros_like(contrast), removed, left_out)
    ink = cv2.convertScaleAbs(cv2.copyTo(contrast, mask), alpha=255 / peak)
    return Ink(ink, removed, left_out)


def _frame(labels: np.ndarray) -> int:
    """Return the part that runs all around the picture, 0 when none does."""
    counts = np.bincount(ring(labels))
    return int(counts.argmax()) if counts.max() >= _FRAME_SHARE * counts.sum() else 0


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
