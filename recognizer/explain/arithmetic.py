"""One number of a network taken apart: what was multiplied, added, compared or normalised.

Sums are made in float64, so that they are right to every digit that a page shows; the network's own
float32 differs from them by rounding only.
"""

from dataclasses import dataclass

import numpy as np

from recognizer.explain.activations import Stage


@dataclass(frozen=True, eq=False)
class Convolved:
    """How one pixel of a convolution's map came about.

    Attributes:
        patch: array of shape (height, width, input maps): what the kernel lay on, as it was
            multiplied (see `Stage.multiplied`); zeros outside.
        kernel: likewise: what it was multiplied with.
        products: likewise.
        bias: added to the sum of all products.
    """

    patch: np.ndarray
    kernel: np.ndarray
    products: np.ndarray
    bias: float

    @property
    def of_maps(self) -> np.ndarray:
        """The sum of the products for each input map, (input maps,)."""
        return self.products.sum(axis=(0, 1))

    @property
    def total(self) -> float:
        """What came out, before the ReLU."""
        return float(self.products.sum()) + self.bias


@dataclass(frozen=True, eq=False)
class Pooled:
    """How one pixel of a pooled map came about.

    Attributes:
        window: array of shape (height, width): what was compared; minus infinity outside.
        winner: row and column of the largest in the window.
        place: row and column of it in the map.
    """

    window: np.ndarray
    winner: tuple[int, int]
    place: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Summed:
    """How one number of a dense layer came about.

    Attributes:
        inputs: array of shape (n,), as they were multiplied (see `Stage.multiplied`).
        weights: likewise.
        bias: added to the sum of all products.
    """

    inputs: np.ndarray
    weights: np.ndarray
    bias: float

    @property
    def products(self) -> np.ndarray:
        """Each input times its weight, (n,)."""
        return self.inputs * self.weights

    @property
    def total(self) -> float:
        """What came out, before the ReLU."""
        return float(self.products.sum()) + self.bias


@dataclass(frozen=True, eq=False)
class Normalised:
    """How scores became probabilities, each array of shape (n,).

    Attributes:
        scores: the outputs of the last dense layer.
        exponentials: e to the power of (score - the largest score).
    """

    scores: np.ndarray
    exponentials: np.ndarray

    @property
    def total(self) -> float:
        """The sum of the exponentials."""
        return float(self.exponentials.sum())

    @property
    def probabilities(self) -> np.ndarray:
        """Each one's share of that sum."""
        return self.exponentials / self.total


def convolved(stage: Stage, values: np.ndarray, kernel: int, row: int, column: int) -> Convolved:
    """Take one pixel of a convolution apart.

    Args:
        stage: a convolution.
        values: its input, array of shape (height, width, input maps).
        kernel: the number of the output map.
        row: of the pixel in it.
        column: likewise.
    """
    patch = _window(stage, stage.multiplied(values), row, column, outside=0.0)
    weights = stage.weights[kernel].astype(np.float64)
    return Convolved(patch, weights, patch * weights, _bias(stage, kernel))


def pooled(stage: Stage, values: np.ndarray, number: int, row: int, column: int) -> Pooled:
    """Take one pixel of a pooled map apart; arguments as `convolved`."""
    window = _window(stage, values, row, column, outside=-np.inf)[:, :, number]
    winner = divmod(int(window.argmax()), window.shape[1])
    top, left = _corner(stage, row, column)
    return Pooled(window, winner, (top + winner[0], left + winner[1]))


def summed(stage: Stage, values: np.ndarray, unit: int) -> Summed:
    """Take one number of a dense layer apart.

    Args:
        stage: a dense layer.
        values: its input, array of shape (n,).
        unit: which of its numbers.
    """
    weights = stage.weights[unit].astype(np.float64)
    return Summed(stage.multiplied(values).astype(np.float64), weights, _bias(stage, unit))


def normalised(scores: np.ndarray) -> Normalised:
    """Take the softmax apart, as networks compute it: subtracting the largest changes no share."""
    scores = scores.astype(np.float64)
    return Normalised(scores, np.exp(scores - scores.max()))


def _bias(stage: Stage, number: int) -> float:
    return 0.0 if stage.bias is None else float(stage.bias[number])


def _corner(stage: Stage, row: int, column: int) -> tuple[int, int]:
    """Return where the window of an output pixel begins; below zero in the padding."""
    return (
        row * stage.stride[0] - stage.padding[0],
        column * stage.stride[1] - stage.padding[1],
    )


def _window(
    stage: Stage, values: np.ndarray, row: int, column: int, *, outside: float
) -> np.ndarray:
    """Return the part of the input that an output pixel sees, (height, width, maps) float64."""
    height, width = stage.window
    wide = np.pad(  # far enough that every window lies inside
        values.astype(np.float64),
        ((height, height), (width, width), (0, 0)),
        constant_values=outside,
    )
    top, left = _corner(stage, row, column)
    return wide[top + height : top + 2 * height, left + width : left + 2 * width]
