"""Why this digit? Change the picture a little, read it again, and see what becomes of each digit.

Occlusion (Zeiler & Fergus, 2014), both ways: ink is wiped out where there is some, and put down
where there is none, as a missing stroke can speak for a digit as well as a drawn one. It asks
nothing of a network but readings, so it works for every one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recognizer.records import IMAGE_SIZE, LABELS, WHITE

Predict = Callable[[np.ndarray], np.ndarray]  # (n, 28, 28) uint8 -> (n, 10) probabilities

WIPE = 5  # pixels a side of the square that is wiped out
STEP = 2  # pixels between two places where ink is put down
INK = 32  # from which a pixel counts as ink
LEAST = 1e-30  # smaller probabilities count as this one

# What a pen of MNIST's width leaves where it touches the paper.
DAB = np.array([[0.0, 0.5, 0.5, 0.5, 0.0], [0.5, 1, 1, 1, 0.5], [0.5, 1, 1, 1, 0.5]])
DAB = np.concatenate([DAB, DAB[1::-1]])  # (5, 5)
TOUCH = np.array([[0.3, 0.8, 0.3], [0.8, 1.0, 0.8], [0.3, 0.8, 0.3]])  # a smaller one

TRIED = 96  # of all dabs, those that a search goes on with after its first step
MOST = 40  # dabs of a search
MOST_INK = 0.5  # share of the ink that may be wiped out


@dataclass(frozen=True, eq=False)
class Evidence:
    """What each part of a picture said for or against each digit.

    Attributes:
        odds: array of shape (10,): natural logarithm of the odds of each digit.
        maps: array of shape (10, 28, 28): by how much those fall when the picture is changed there:
            above zero what spoke for the digit, below what spoke against it.
    """

    odds: np.ndarray
    maps: np.ndarray


@dataclass(frozen=True, eq=False)
class Flip:
    """A changed picture that is read as another digit.

    Attributes:
        image: array of shape (28, 28), uint8.
        digit: what it is read as.
        confidence: the probability of that.
        ink: how much was wiped out or put down, in pixels of full ink.
    """

    image: np.ndarray
    digit: int
    confidence: float
    ink: float


def evidence(predict: Predict, image: np.ndarray) -> Evidence:
    """Return what spoke for and against each of the ten digits.

    Args:
        predict: reads pictures.
        image: array of shape (28, 28), uint8.
    """
    wiped = _stamped(np.ones((WIPE, WIPE)), 1)
    wiped = wiped[(wiped * image).max(axis=(1, 2)) >= INK]  # elsewhere nothing would change
    dabs = _stamped(DAB, STEP)
    trials = np.concatenate([image[np.newaxis], _wipe(image, wiped), _put(image, dabs)])
    odds = _log_odds(predict(trials))
    falls = odds[0] - odds[1:]  # (trials, 10)
    of_ink = _spread(falls[: len(wiped)], wiped)
    of_paper = _spread(falls[len(wiped) :], dabs)
    ink = image / WHITE
    return Evidence(odds[0], of_ink * ink + of_paper * (1 - ink))


def smallest_flip(
    predict: Predict, image: np.ndarray, target: int | None, *, add: bool
) -> Flip | None:
    """Look for a small change that makes a picture be read as another digit.

    Greedy: the dab that brings the other digit nearest, then the next, until the reading flips;
    then those that were not needed are taken back. There may be smaller ones.

    Args:
        predict: reads pictures.
        image: array of shape (28, 28), uint8.
        target: the digit to reach; None for any other than the one read.
        add: whether ink is put down, else it is wiped out.

    Returns:
        The changed picture; None where 40 dabs, or half of the ink, are not enough.
    """
    read = int(predict(image[np.newaxis])[0].argmax())
    change = _put if add else _wipe
    dabs = _stamped(TOUCH, 1)
    dabs = dabs[_ink(change(image, dabs), image) > 0.1]
    chosen: list[np.ndarray] = []
    now = image
    while len(chosen) < MOST and len(dabs):
        trials = change(now, dabs)
        merits = _merits(predict(trials), read, target)
        flipped = np.flatnonzero(merits > 0)
        ink = _ink(trials, image)
        best = flipped[ink[flipped].argmin()] if len(flipped) else int(merits.argmax())
        chosen.append(dabs[best])
        now = trials[best]
        if not add and ink[best] > MOST_INK * image.sum() / WHITE:
            return None
        if len(flipped):
            return _flip(predict, image, _pruned(predict, image, chosen, change, read, target))
        dabs = np.delete(dabs, best, axis=0)[np.argsort(-np.delete(merits, best))[:TRIED]]
    return None


def _pruned(
    predict: Predict,
    image: np.ndarray,
    chosen: list[np.ndarray],
    change: Callable[[np.ndarray, np.ndarray], np.ndarray],
    read: int,
    target: int | None,
) -> np.ndarray:
    """Return the picture with only those dabs that the flip needs."""
    for one in list(chosen[:-1]):
        fewer = [dab for dab in chosen if dab is not one]
        if _merits(predict(_all(image, fewer, change)), read, target)[0] > 0:
            chosen = fewer
    return _all(image, chosen, change)[0]


def _all(
    image: np.ndarray,
    dabs: list[np.ndarray],
    change: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return (1, 28, 28) with all these dabs."""
    for dab in dabs:
        image = change(image, dab[np.newaxis])[0]
    return image[np.newaxis]


def _flip(predict: Predict, image: np.ndarray, changed: np.ndarray) -> Flip:
    probabilities = predict(changed[np.newaxis])[0]
    digit = int(probabilities.argmax())
    ink = float(_ink(changed[np.newaxis], image)[0])
    return Flip(changed, digit, float(probabilities[digit]), ink)


def _merits(probabilities: np.ndarray, read: int, target: int | None) -> np.ndarray:
    """Return how far ahead of all others the digit is that is to be reached, (n,)."""
    logs = np.log(np.maximum(probabilities, LEAST))  # (n, 10)
    if target is None:
        return np.delete(logs, read, axis=1).max(axis=1) - logs[:, read]
    return logs[:, target] - np.delete(logs, target, axis=1).max(axis=1)


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Return ln(p / (1 - p)), (n, 10); 1 - p is summed up, as near 1 float32 has no room for it."""
    wide = probabilities.astype(np.float64)
    others = np.stack([np.delete(wide, label, axis=1).sum(axis=1) for label in LABELS], axis=1)
    return np.log(np.maximum(wide, LEAST)) - np.log(np.maximum(others, LEAST))


def _stamped(stamp: np.ndarray, step: int) -> np.ndarray:
    """Return a sheet for each place with the stamp around it, (places, 28, 28); cut at the rim."""
    half = len(stamp) // 2
    places = range(0, IMAGE_SIZE, step)
    sheets = np.zeros((len(places) ** 2, IMAGE_SIZE + 2 * half, IMAGE_SIZE + 2 * half))
    at = ((row, column) for row in places for column in places)
    for sheet, (row, column) in zip(sheets, at, strict=True):
        sheet[row : row + len(stamp), column : column + len(stamp)] = stamp
    return sheets[:, half : half + IMAGE_SIZE, half : half + IMAGE_SIZE]


def _wipe(image: np.ndarray, sheets: np.ndarray) -> np.ndarray:
    """Return the picture with ink wiped out where each sheet is 1, (n, 28, 28) uint8."""
    return (image * (1 - sheets)).round().astype(np.uint8)


def _put(image: np.ndarray, sheets: np.ndarray) -> np.ndarray:
    """Return the picture with ink put down where each sheet is 1, (n, 28, 28) uint8."""
    return np.maximum(image, (WHITE * sheets).round().astype(np.uint8))


def _ink(trials: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Return by how many pixels of full ink each differs from the picture, (n,)."""
    return np.abs(trials.astype(np.int16) - image).sum(axis=(1, 2)) / WHITE


def _spread(falls: np.ndarray, sheets: np.ndarray) -> np.ndarray:
    """Return, for each digit and pixel, the mean of the trials that touched it, (10, 28, 28)."""
    touched = np.maximum(sheets.sum(axis=0), 1e-9)  # (28, 28)
    return np.tensordot(falls.T, sheets, axes=1) / touched
