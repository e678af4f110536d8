"""How well each candidate fits each label: a small network over its features and its reading.

It has one hidden layer beside a linear way through, and is fitted by tools/fit_numbers.py so that
the right division of a line is the likeliest of all (see search.py).
"""

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from recognizer.numbers.features import COUNT
from recognizer.numbers.patterns import DIGITS, LABELS

WEIGHTS = Path(__file__).parent / "weights.npz"
READING = DIGITS + 2  # inputs of a reading: log p of each digit, log p of a digit and of none

_LEAST = 1e-6  # of a probability, before its logarithm
_LEAST_LOOK = 1e-4  # likewise, of a digit score


@dataclass(frozen=True, eq=False)
class Weights:
    """The scoring network of one mode, drawn or photographed; or that of pruning (pruning.py).

    Attributes:
        mean, scale: arrays of shape (n,): inputs are standardised with them.
        hidden, bias: arrays of shape (n, h) and (h,): of the hidden layer, tanh.
        out, direct: arrays of shape (h, 15) and (n + 1, 15): from the hidden layer, and straight
            from the inputs and a 1, to the labels. One column instead of 15 for pruning.
    """

    mean: np.ndarray
    scale: np.ndarray
    hidden: np.ndarray
    bias: np.ndarray
    out: np.ndarray
    direct: np.ndarray

    def scores(self, inputs: np.ndarray) -> np.ndarray:
        """Return the score of each candidate for each label, (m, 15), from `inputs`."""
        found = self.outputs(inputs)
        readings = inputs[:, COUNT:].reshape(len(inputs), -1, READING)
        found[:, :DIGITS] += readings[:, :, :DIGITS].mean(axis=1)
        return found

    def outputs(self, inputs: np.ndarray) -> np.ndarray:
        """Return what the network itself gives, (m, columns of `out`), from (m, n)."""
        x = (inputs - self.mean) / self.scale
        return (
            np.tanh(x @ self.hidden + self.bias) @ self.out + x @ self.direct[:-1] + self.direct[-1]
        )


@cache
def load(mode: str) -> Weights:
    """Return the weights of a mode, `drawn` or `photographed`, or of pruning, `prune_drawn`."""
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        return Weights(*(arrays[f"{mode}_{one.name}"].astype(float) for one in fields(Weights)))


def inputs(features: np.ndarray, *readings: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the inputs of the scoring network, array of shape (m, COUNT + READING * readings).

    Args:
        features: array of shape (m, COUNT).
        readings: of the picture, and of the path where it is known: probabilities, (m, 10), and
            digit scores, (m,).
    """
    columns = [features]
    for probabilities, digit_scores in readings:
        looks = np.stack([digit_scores, 1 - digit_scores], axis=1)
        columns += [np.log(probabilities.clip(_LEAST)), np.log(looks.clip(_LEAST_LOOK))]
    return np.concatenate(columns, axis=1)


assert len(LABELS) == 15  # the width of `out` and `direct` in the weights' file
