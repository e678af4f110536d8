"""How sure a network may be: as sure as it is right on digits that it has not learned from."""

import numpy as np

from recognizer.outputs import digit_probabilities

COOLEST, HOTTEST, STEP = 1.0, 4.0, 0.01
_LEAST = 1e-12  # a probability of zero has no logarithm


def temperature(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Return what to divide a network's logits by for the lowest cross-entropy on some digits.

    Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks". Which digit is
    read stays the same. A network is never made surer: a few digits that are all read right would
    ask for certainty.

    Args:
        outputs: the network's, array of shape (n, 10) or (n, 11), rows sum to 1; n = 0 gives 1.
        labels: array of shape (n,), 0 to 9.
    """
    if not len(labels):
        return COOLEST
    steps = np.arange(round((HOTTEST - COOLEST) / STEP) + 1)
    candidates = np.round(COOLEST + steps * STEP, 2)
    losses = [_cross_entropy(tempered(outputs, one), labels) for one in candidates]
    return float(candidates[np.argmin(losses)])


def tempered(outputs: np.ndarray, by: float) -> np.ndarray:
    """Return what a network gives once its logits are divided by a temperature.

    Args:
        outputs: array of shape (n, 10) or (n, 11), rows sum to 1.
        by: the temperature; 1 changes nothing.
    """
    logits = np.log(np.maximum(outputs, _LEAST)) / by
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _cross_entropy(outputs: np.ndarray, labels: np.ndarray) -> float:
    of_truth = digit_probabilities(outputs)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(of_truth, _LEAST)).mean())
