"""Where the ink of a page is: a drawing or a photo of several digits -> ink without ruling.

Unlike `recognizer.ink`, which looks for one digit, nothing is left out for being far from the rest,
and lines that paper or a form has are taken off.
"""

import functools
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

WORKING_SIDE = 1600  # longer side at which a page is read: 40 lines of digits are 20 pixels each

MIN_CONTRAST = 24  # of 255: less is a stain, a fold or JPEG's noise, not ink

_FLAT_SHARE = 0.4  # of the pixels have exactly the commonest colour: a drawing, no photo
_LIGHT_SIDE = 128  # longer side at which the colour of a photo's paper is estimated
_LIGHT_WINDOW = 31  # of those pixels; ink must cover less than half of it
_NOISE = 6.0  # standard deviations of the paper that ink stands out by
_STEEPEST = 20.0  # degrees that a page may be turned by
_ANGLE_SIDE = 360  # longer side at which that is found out
_LEVEL = 0.6  # degrees: less is not turned back
_LONG = 0.18  # of the page's longer side: a straight stroke of that length is ruling
_EDGE = 0.35  # of the ink's usual contrast: less is a pale rule or what shines through
_FLAT_EDGE = 0.2  # likewise in a drawing, whose paper is one colour
_THIN = 0.012  # of the longer side: a thicker line is no ruling


@dataclass(frozen=True, eq=False)
class PageInk:
    """The ink of a page, turned level.

    Attributes:
        ink: array of shape (h, w), uint8, 255 where ink is fullest, 0 on paper.
        back: array of shape (2, 3): from its pixels to those of the picture.
        angle: by how many degrees the page was turned to the right.
        ruling: share of the ink's pixels that was ruling, and is left out of `ink`.
    """

    ink: np.ndarray
    back: np.ndarray
    angle: float
    ruling: float


def find_page_ink(image: np.ndarray) -> PageInk | None:
    """Return the ink of a picture of several digits; None when nothing is written.

    Args:
        image: array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8.
    """
    contrast, flat = _contrast(_on_white(image))
    back = np.diag([image.shape[1] / contrast.shape[1], image.shape[0] / contrast.shape[0], 1.0])
    contrast = _without_paper(contrast, _FLAT_EDGE if flat else _EDGE)
    if contrast is None:
        return None
    angle = _angle(contrast)
    if abs(angle) >= _LEVEL:
        contrast, turn = _turned(contrast, angle)
        back = back @ np.vstack([cv2.invertAffineTransform(turn), [0, 0, 1]])
    cleaned = _without_ruling(contrast)
    before, left = cv2.countNonZero(contrast), cv2.countNonZero(cleaned)
    if not left:
        return None
    return PageInk(cleaned, back[:2], angle, 1 - left / before)


def _on_white(image: np.ndarray) -> np.ndarray:
    """Return the shrunk picture as seen on white paper, (h, w, 1) or (h, w, 3), uint8."""
    image = np.ascontiguousarray(image if image.ndim == 3 else image[..., None])
    scale = WORKING_SIDE / max(image.shape[:2])
    if scale < 1:
        size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], -1)
    if image.shape[2] < 4:
        return image
    colours, alpha = image[..., :3], image[..., 3:].astype(np.float32) / 255
    return (colours * alpha + 255 * (1 - alpha)).round().astype(np.uint8)


def _contrast(image: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return how far each pixel is from the paper's colour, and whether the paper is one colour.

    In light and in shadow ink darkens paper by the same share; on dark paper, by the difference.
    """
    channels, found = cv2.split(image), []
    counts = [np.bincount(channel.ravel(), minlength=256) for channel in channels]
    flat = all(count.max() >= _FLAT_SHARE * channels[0].size for count in counts)
    for channel, count in zip(channels, counts, strict=True):
        if flat:
            away = np.abs(np.arange(256) - int(count.argmax())).astype(np.uint8)
            found.append((cv2.LUT(channel, away),))
        else:
            found.append(_against_paper(cv2.GaussianBlur(channel, (3, 3), 0)))
    kinds = [functools.reduce(cv2.max, kind) for kind in zip(*found, strict=True)]
    return max(kinds, key=cv2.norm), flat


def _against_paper(channel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much darker and how much brighter than the paper around each pixel is.

    What does not stand out of the paper's noise is 0.
    """
    paper = _paper(channel)
    darker = cv2.divide(cv2.subtract(paper, channel), cv2.max(paper, 40), scale=255)
    brighter = cv2.subtract(channel, paper)
    noise = 1.4826 * float(np.median(cv2.max(darker, brighter)))
    floor = max(MIN_CONTRAST, _NOISE * noise)
    return tuple(
        cv2.threshold(one, floor - 1, 0, cv2.THRESH_TOZERO)[1] for one in (darker, brighter)
    )


def _paper(channel: np.ndarray) -> np.ndarray:
    """Return the colour of the paper at each pixel, as if there were no ink."""
    height, width = channel.shape
    scale = min(1.0, _LIGHT_SIDE / max(height, width))
    small = cv2.resize(channel, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.resize(
        cv2.medianBlur(small, _LIGHT_WINDOW), (width, height), interpolation=cv2.INTER_LINEAR
    )


def _without_paper(contrast: np.ndarray, edge: float) -> np.ndarray | None:
    """Return the contrast where it is ink, stretched to 255; None when there is none."""
    strong = contrast[contrast >= MIN_CONTRAST]
    if strong.size < 4:
        return None
    usual = float(np.percentile(strong, 90))
    least = max(MIN_CONTRAST / 2, edge * usual)
    mask = cv2.threshold(contrast, np.ceil(least) - 1, 255, cv2.THRESH_BINARY)[1]
    return cv2.copyTo(cv2.convertScaleAbs(contrast, alpha=255 / usual), mask)


def _angle(contrast: np.ndarray) -> float:
    """Return the degrees by which ruling falls to the right; 0 where there is none.

    Writing without ruling stays as it is: its own slope is found line by line.
    """
    scale = min(1.0, _ANGLE_SIDE / max(contrast.shape))
    small = cv2.resize(contrast, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    mask = cv2.threshold(small, 60, 255, cv2.THRESH_BINARY)[1]
    long = _LONG * max(mask.shape)
    lines = cv2.HoughLinesP(mask, 1, np.pi / 720, int(0.8 * long), None, long, 2)
    if lines is None:
        return 0.0
    x, y = (lines.reshape(-1, 4)[:, 2:] - lines.reshape(-1, 4)[:, :2]).T
    angles = np.degrees(np.arctan2(y, x))
    angles = (angles + 45) % 90 - 45  # upright lines are turned by as much as level ones
    near = np.abs(angles) <= _STEEPEST
    return float(np.median(angles[near])) if near.any() else 0.0


def _turned(image: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the image turned back by an angle, all of it inside, and how, (2, 3)."""
    height, width = image.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    size = int(np.ceil(width * cos + height * sin)), int(np.ceil(width * sin + height * cos))
    turn[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return cv2.warpAffine(image, turn, size, flags=cv2.INTER_LINEAR, borderValue=0), turn


def _without_ruling(contrast: np.ndarray) -> np.ndarray:
    """Return the ink without long straight lines, level or upright, and the sides of boxes.

    A pixel of a line stays where the ink across the line is thicker than the line: there a digit
    crosses it.
    """
    mask = (contrast > 0).astype(np.uint8)
    long = max(40, round(_LONG * max(mask.shape)))
    level, upright = _runs(mask, long, across=False), _runs(mask, long, across=True)
    if level.any():  # sides of the boxes between two level lines are short
        upright |= _between(mask, level)
    if upright.any():
        level |= _between(mask.T.copy(), upright.T.copy()).T
    rules = _thin_part(mask, level, axis=0) | _thin_part(mask, upright, axis=1)
    if not rules.any():
        return contrast
    return np.where(rules, np.uint8(0), contrast)


def _runs(mask: np.ndarray, long: int, *, across: bool) -> np.ndarray:
    """Return where straight runs of ink of a length are, level or (across) upright; bool."""
    soft = cv2.dilate(mask, np.ones((1, 3) if across else (3, 1), np.uint8))  # lines lean a little
    kernel = np.ones((long, 1) if across else (1, long), np.uint8)
    return cv2.morphologyEx(soft, cv2.MORPH_OPEN, kernel).astype(bool) & mask.astype(bool)


def _between(mask: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return the upright runs that go from one level line to another: the sides of boxes; bool."""
    rows = np.flatnonzero(level.sum(axis=1) >= 0.05 * mask.shape[1])
    found = np.zeros(mask.shape, bool)
    if not len(rows):
        return found
    edges = [rows[0], *rows[1:][np.diff(rows) > 3]]
    for top, bottom in pairwise(edges):
        apart = int(bottom - top)
        if apart >= 12:
            band = mask[top : bottom + 1]
            found[top : bottom + 1] |= _runs(band, round(0.9 * apart), across=True)
    return found


def _thin_part(mask: np.ndarray, lines: np.ndarray, axis: int) -> np.ndarray:
    """Return the pixels of lines where the ink across them is no thicker than a line."""
    if not lines.any():
        return lines
    thickest = max(4, round(_THIN * max(mask.shape)))
    size = (thickest + 1, 1) if axis == 0 else (1, thickest + 1)
    thick = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(size, np.uint8)).astype(bool)
    grown = cv2.dilate(lines.astype(np.uint8), np.ones((3, 1) if axis == 0 else (1, 3), np.uint8))
    return grown.astype(bool) & mask.astype(bool) & ~thick
