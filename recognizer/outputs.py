"""What a network's outputs say: how likely each digit is, and whether it is a digit at all."""

import numpy as np

from recognizer.records import LABELS, NOT_A_DIGIT


def digit_probabilities(outputs: np.ndarray) -> np.ndarray:
    """Return the probabilities of the ten digits if it is one, (n, 10), rows sum to 1.

    Args:
        outputs: a network's, array of shape (n, 10) or (n, 11), rows sum to 1.
    """
    digits = outputs[:, : len(LABELS)]
    if outputs.shape[1] == len(LABELS):
        return digits
    # A network may be so sure of "not a digit" that nothing is left for the ten.
    some = np.maximum(digits, np.finfo(np.float32).tiny)
    return some / some.sum(axis=1, keepdims=True)


def digit_scores(outputs: np.ndarray) -> np.ndarray:
    """Return how much each looks like a digit at all, (n,) in [0, 1].

    Without an output for "not a digit" that is the largest probability.

    Args:
        outputs: a network's, array of shape (n, 10) or (n, 11), rows sum to 1.
    """
    if outputs.shape[1] == len(LABELS):
        return outputs.max(axis=1, initial=0)
    return 1 - outputs[:, NOT_A_DIGIT]
