"""The networks one can train: name -> where it comes from, what it published, how it is built.

A new entry in ARCHITECTURES shows up in the command line and in the tests with no other edit.
Networks take float32 of shape (n, 28, 28, 1) in [0, 1], white ink on black, and give (n, 10)
probabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recognizer.errors import SettingError
from recognizer.records import IMAGE_SIZE, LABELS, WHITE

if TYPE_CHECKING:
    import keras

INPUT_SHAPE = (IMAGE_SIZE, IMAGE_SIZE, 1)


@dataclass(frozen=True)
class Architecture:
    """One kind of network.

    Attributes:
        name: as in `ARCHITECTURES`.
        title: a few words for people.
        source: where the layers come from.
        published: the figure that the source published, and what it was measured on.
        build: returns the network, uncompiled, with fresh weights. Importing Keras takes
            seconds, so it happens in there.
    """

    name: str
    title: str
    source: str
    published: str
    build: Callable[[], keras.Model]


def _single_conv() -> keras.Model:
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(INPUT_SHAPE),
            layers.Conv2D(30, 5, activation="relu"),  # (24, 24, 30)
            layers.MaxPooling2D(),  # (12, 12, 30)
            layers.Dropout(0.2),  # the source's rate is not known: ours
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(len(LABELS), activation="softmax"),
        ],
        name="single-conv",
    )


def _two_block() -> keras.Model:
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(INPUT_SHAPE),
            layers.Conv2D(32, 5, padding="same", activation="relu"),
            layers.Conv2D(32, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),  # (14, 14, 32)
            layers.Dropout(0.25),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),  # (7, 7, 64)
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(len(LABELS), activation="softmax"),
        ],
        name="two-block",
    )


ARCHITECTURES = {
    entry.name: entry
    for entry in (
        Architecture(
            name="single-conv",
            title="One convolution, three dense layers",
            source="a Kaggle Digit Recognizer entry",
            published="0.98214 on Kaggle's test.csv",
            build=_single_conv,
        ),
        Architecture(
            name="two-block",
            title="Two blocks of two convolutions",
            source="two Kaggle Digit Recognizer entries",
            published="0.99728 on Kaggle's test.csv after 30 epochs, trained on all 60,000 "
            "MNIST training images, which hold most of Kaggle's test rows",
            build=_two_block,
        ),
    )
}


def network_input(images: np.ndarray) -> np.ndarray:
    """Scale (n, 28, 28) uint8 to what every network takes: (n, 28, 28, 1) float32 in [0, 1]."""
    return images.astype(np.float32)[..., np.newaxis] / WHITE


def architecture(name: str) -> Architecture:
    """Return the architecture of that name.

    Raises:
        SettingError: there is none.
    """
    if name not in ARCHITECTURES:
        raise SettingError(f"No architecture {name!r}: choose one of {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]
