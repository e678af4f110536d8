"""The teachers: large networks of different build, each with an output for what is no digit.

m3, m5 and m7 are built like those of An, Lee, Park, Yang & So (2020), "An ensemble of simple
convolutional neural network models for MNIST digit recognition": convolutions of one size without
padding or pooling. `wide` is six-conv with twice its filters.
"""

from collections.abc import Callable, Sequence

import keras
from keras import layers

from recognizer.architectures import INPUT_SHAPE
from recognizer.records import LABELS

OUTPUTS = len(LABELS) + 1
MOMENTUM = 0.97  # of the batch normalisation, a step
_WIDE = ((64, 5, 2), (128, 3, 1), (128, 3, 1), (192, 3, 2), (256, 3, 1), (256, 3, 1))


def _network(
    name: str, convolutions: Sequence[tuple[int, int, int]], padding: str, dropout: float = 0.0
) -> keras.Model:
    """Return convolutions of (filters, side, stride), each with batch normalisation and ReLU."""
    network = keras.Sequential([keras.Input(INPUT_SHAPE)], name=name)
    for filters, side, stride in convolutions:
        network.add(layers.Conv2D(filters, side, stride, padding=padding, use_bias=False))
        network.add(layers.BatchNormalization(momentum=MOMENTUM))
        network.add(layers.ReLU())
    network.add(layers.Flatten())
    network.add(layers.Dropout(dropout))
    network.add(layers.Dense(OUTPUTS, activation="softmax"))
    return network


TEACHERS: dict[str, Callable[[], keras.Model]] = {
    "m3": lambda: _network("m3", [(32 + 16 * i, 3, 1) for i in range(10)], "valid"),
    "m5": lambda: _network("m5", [(n, 5, 1) for n in (32, 64, 96, 128, 160)], "valid"),
    "m7": lambda: _network("m7", [(n, 7, 1) for n in (48, 96, 144, 192)], "valid"),
    "wide": lambda: _network("wide", _WIDE, "same", dropout=0.4),
}
