"""The lines of ruled and squared paper: long, thin, straight; and how a digit is taken off them."""

import cv2
import numpy as np

_ANGLES = np.radians(np.arange(-8, 8.01, 1.0))  # that rules are tilted by
_CLOSER = np.radians(np.arange(-0.8, 0.81, 0.2))  # around the best of these
_COARSE = 4  # rows that are looked at as one, first
_STRIPS = 20  # across the rules, in which a rule is looked for by itself
_MISSED = 4  # of the strips that a rule may not be seen in
_STRIP_ROWS = np.arange(_STRIPS)[:, None]
_THIN = 11  # pixels: a rule is thinner
_WEAKEST = 5.0  # of 255: contrast of a rule, at least
_TWICE = 3.0  # times the usual response of a row that a rule's is
_STRONGER = 1.45  # times a rule's contrast that a stroke over it has


def without_rules(contrast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the contrast without the rules across the picture, and where these were.

    Args:
        contrast: array of shape (h, w), uint8, the contrast to the paper.

    Returns:
        contrast of shape (h, w), and a mask of shape (h, w), 255 on rules.
    """
    level, first = _along(contrast)
    upright, second = _along(np.ascontiguousarray(level.T))
    return np.ascontiguousarray(upright.T), cv2.bitwise_or(first, np.ascontiguousarray(second.T))


def _along(contrast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take off the rules that run from left to right, about level."""
    mask = np.zeros_like(contrast)
    if min(contrast.shape) < 2 * _THIN:
        return contrast, mask
    profile = _profile(contrast)  # (strips, h)
    angle, score = _tilt(profile, contrast.shape[1])
    rows = _peaks(score)
    slope = float(np.tan(angle))
    cleared = contrast
    for row in rows:
        centre = _course(profile, row, slope, contrast.shape[1])
        cleared, band = _take_off(cleared, centre)
        mask |= band
    return cleared, mask


def _profile(contrast: np.ndarray) -> np.ndarray:
    """Return the thin lines' mean contrast in each row of each upright strip, (strips, h)."""
    kernel = np.ones((_THIN, 1), np.uint8)
    thin = cv2.subtract(contrast, cv2.morphologyEx(contrast, cv2.MORPH_OPEN, kernel))
    size = (_STRIPS, contrast.shape[0])
    return cv2.resize(thin, size, interpolation=cv2.INTER_AREA).T.astype(np.float32)


def _tilt(profile: np.ndarray, width: int) -> tuple[float, np.ndarray]:
    """Return the slope at which most lines run through, and each row's response there, (h,).

    It is looked for among a few, in a coarse profile, and then closely around the best.
    """
    rows = profile.shape[1] // _COARSE * _COARSE
    coarse = profile[:, :rows].reshape(_STRIPS, -1, _COARSE).max(axis=2)
    angle, _ = _best(coarse, _ANGLES, width / _COARSE)
    return _best(profile, angle + _CLOSER, width)


def _best(profile: np.ndarray, angles: np.ndarray, width: float) -> tuple[float, np.ndarray]:
    """Return which angle has the strongest rows, in radians, and each row's response, (h,)."""
    middles = (np.arange(_STRIPS) + 0.5) / _STRIPS * width - width / 2
    rows = np.arange(profile.shape[1])
    padded = cv2.dilate(profile, np.ones((1, 3)))
    scores = []
    for angle in angles:
        at = rows[None, :] + np.rint(np.tan(angle) * middles).astype(int)[:, None]
        aligned = padded.ravel()[at.clip(0, len(rows) - 1) + len(rows) * _STRIP_ROWS]
        aligned.partition(_MISSED, axis=0)
        scores.append(aligned[_MISSED])
    best = int(np.argmax([score @ score for score in scores]))
    return float(angles[best]), scores[best]


def _peaks(score: np.ndarray) -> list[int]:
    """Return the rows, in the middle of the picture's width, at which rules run through."""
    usual = float(np.median(score))
    least = max(_WEAKEST, _TWICE * usual)
    if float(score.max()) > least:
        least = max(least, 0.25 * float(np.sort(score)[-3:].mean()))
    rows, left = [], score.copy()
    while left.max() > least and len(rows) < 60:
        row = int(left.argmax())
        rows.append(row)
        left[max(0, row - 4) : row + 5] = 0
    return rows


def _course(profile: np.ndarray, row: int, slope: float, width: int) -> np.ndarray:
    """Return the row of a rule's centre in each column, (w,) float."""
    middles = (np.arange(_STRIPS) + 0.5) / _STRIPS * width - width / 2
    expected = row + slope * middles
    height = profile.shape[1]
    found, weights = [], []
    for strip, at in enumerate(expected):
        low, high = max(0, int(at) - 4), min(height, int(at) + 6)
        part = profile[strip, low:high]
        if len(part) < 3 or part.max() <= 0:
            continue
        found.append((middles[strip], low + float(part @ np.arange(len(part)) / part.sum())))
        weights.append(min(float(part.max()), 4 * _WEAKEST))
    columns = np.arange(width) - width / 2
    if len(found) < _STRIPS // 2:
        return row + slope * columns
    x, y = np.array(found).T
    weights = np.array(weights)
    for _ in range(3):  # a digit's strokes pull: fit again without what lies off
        curve = np.polyfit(x, y, 2, w=weights)
        off = np.abs(np.polyval(curve, x) - y)
        weights = weights * (off <= max(1.0, 2 * float(np.median(off))))
        if (weights > 0).sum() < 6:
            break
    return np.polyval(curve, columns)


def _take_off(contrast: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take one rule off: all that is no stronger than it, unless a stroke runs across it."""
    height, width = contrast.shape
    around = np.arange(-8, 9)[:, None]
    at = np.rint(centre)[None, :].astype(int) + around  # (17, w)
    columns = np.arange(width)[None, :]
    inside = (at >= 0) & (at < height)
    window = contrast[at.clip(0, height - 1), columns] * inside  # (17, w)
    usual = np.median(window, axis=1)
    background = usual[[0, 1, -2, -1]].mean()
    strength = max(usual[6:11].max() - background, 1.0)
    half = 1
    while half < 5 and max(usual[8 - half - 1], usual[8 + half + 1]) > background + 0.25 * strength:
        half += 1
    half = min(half + 1, 6)
    rule = slice(8 - half, 9 + half)
    along = _running_median(window[8 - 1 : 8 + 2].max(axis=0).astype(float))  # (w,)
    band = window[rule].astype(np.float32)
    strong = band > np.maximum(_STRONGER * along, along + 12)[None, :]
    across = np.ones((1, 2 * half + 1), np.uint8)
    above, below = (
        cv2.dilate(np.ascontiguousarray(window[rows].max(axis=0)[None, :]), across)[0]
        for rows in (slice(max(0, 8 - half - 2), 8 - half), slice(9 + half, 9 + half + 2))
    )
    through = np.minimum(above, below).astype(np.float32)[None, :]
    through = np.where(through > background + 0.3 * along, through, 0)
    kept = np.maximum(np.where(strong, band, 0), through)
    changed = contrast.copy()
    mask = np.zeros_like(contrast)
    rows = at[rule]
    valid = inside[rule]
    changed[rows[valid], np.broadcast_to(columns, rows.shape)[valid]] = kept[valid].astype(np.uint8)
    mask[rows[valid], np.broadcast_to(columns, rows.shape)[valid]] = 255
    return changed, mask


def _running_median(values: np.ndarray) -> np.ndarray:
    """Return the median of a third of the picture's width around each column, (w,)."""
    step = max(1, len(values) // 64)
    few = values[: len(values) // step * step].reshape(-1, step).mean(axis=1)
    window = len(few) // 3 // 2 * 2 + 1
    padded = np.pad(few, window // 2, mode="reflect")
    medians = np.median(np.lib.stride_tricks.sliding_window_view(padded, window), axis=1)
    return np.interp(np.arange(len(values)), (np.arange(len(few)) + 0.5) * step, medians)
