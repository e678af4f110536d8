"""The networks one can train: name -> where it comes from, what it published, how it is built.

A new entry in ARCHITECTURES shows up in the command line and in the tests with no other edit.
Networks take float32 of shape (n, 28, 28, 1) in [0, 1], white ink on black, and give (n, 10)
probabilities, or (n, 11) where the last one is that of no digit: see `outputs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recognizer.errors import SettingError
from recognizer.records import IMAGE_SIZE, LABELS, WHITE, TrainingConfig

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
        recipe: how the source trained it, as far as it says.
        advice: how we train it; what is chosen here is chosen on validation rows.
    """

    name: str
    title: str
    source: str
    published: str
    build: Callable[[], keras.Model]
    recipe: TrainingConfig
    advice: TrainingConfig


def _softmax() -> keras.Model:
    from keras import Input, Sequential, layers

    return Sequential(
        [Input(INPUT_SHAPE), layers.Flatten(), layers.Dense(len(LABELS), activation="softmax")],
        name="softmax",
    )


def _mlp() -> keras.Model:
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(INPUT_SHAPE),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(len(LABELS), activation="softmax"),
        ],
        name="mlp",
    )


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


def _conv_pool() -> keras.Model:
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(INPUT_SHAPE),
            layers.Conv2D(32, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),  # (14, 14, 32)
            layers.Conv2D(64, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(),  # (7, 7, 64)
            layers.Flatten(),
            layers.Dense(1024, activation="relu"),
            layers.Dropout(0.4),
            layers.Dense(len(LABELS), activation="softmax"),
        ],
        name="conv-pool",
    )


def _two_block() -> keras.Model:
    return _two_blocks("two-block", (256, 0.5))


def _wide_dense() -> keras.Model:
    return _two_blocks("wide-dense", (8192, 0.5), (2048, 0.5))


def _two_blocks(name: str, *dense: tuple[int, float]) -> keras.Model:
    """Return two blocks of two convolutions, then dense layers of (units, dropout)."""
    from keras import Input, Sequential, layers

    network = Sequential(
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
        ],
        name=name,
    )
    for units, dropout in dense:
        network.add(layers.Dense(units, activation="relu"))
        network.add(layers.Dropout(dropout))
    network.add(layers.Dense(len(LABELS), activation="softmax"))
    return network


def _compact() -> keras.Model:
    at_14 = (16, 5, 2), (24, 3, 1)  # to (14, 14, 24)
    at_7 = (64, 3, 2), (64, 3, 1)  # to (7, 7, 64)
    outputs = len(LABELS)
    return _normalised("compact", at_14 + at_7, momentum=0.9, dropout=0.1, outputs=outputs)


def _six_conv() -> keras.Model:
    at_14 = (32, 5, 2), (64, 3, 1), (64, 3, 1)  # to (14, 14, 64)
    at_7 = (96, 3, 2), (128, 3, 1), (128, 3, 1)  # to (7, 7, 128)
    outputs = len(LABELS) + 1  # the last: not a digit
    return _normalised("six-conv", at_14 + at_7, momentum=0.95, dropout=0.4, outputs=outputs)


def _small_six_conv() -> keras.Model:
    at_14 = (16, 5, 2), (24, 3, 1), (24, 3, 1)  # to (14, 14, 24)
    at_7 = (64, 3, 2), (64, 3, 1), (64, 3, 1)  # to (7, 7, 64)
    outputs = len(LABELS) + 1  # the last: not a digit
    return _normalised("small-six-conv", at_14 + at_7, momentum=0.95, dropout=0.2, outputs=outputs)


def _normalised(
    name: str,
    convolutions: tuple[tuple[int, int, int], ...],
    *,
    momentum: float,
    dropout: float,
    outputs: int,
) -> keras.Model:
    """Return convolutions of (filters, side, stride), each with batch normalisation and ReLU."""
    from keras import Input, Sequential, layers

    network = Sequential([Input(INPUT_SHAPE)], name=name)
    for filters, side, stride in convolutions:
        network.add(layers.Conv2D(filters, side, strides=stride, padding="same", use_bias=False))
        network.add(layers.BatchNormalization(momentum=momentum))
        network.add(layers.ReLU())
    network.add(layers.Flatten())
    network.add(layers.Dropout(dropout))
    network.add(layers.Dense(outputs, activation="softmax"))
    return network


def _plain(name: str, epochs: int, **other: float) -> TrainingConfig:
    """Return a source's way: Adam at its usual rate, the images as they are."""
    usual = {"learning_rate": 1e-3, "schedule": "constant", "augment": False}
    return TrainingConfig(name, epochs=epochs, **{**usual, **other})


ARCHITECTURES = {
    entry.name: entry
    for entry in (
        Architecture(
            name="softmax",
            title="No hidden layer: each pixel votes for each digit",
            source="the textbook's linear classifier",
            published="0.880 on MNIST's test images (LeCun et al., 1998, 1-layer network)",
            build=_softmax,
            recipe=_plain("softmax", 10),
            advice=TrainingConfig("softmax", epochs=10, augment=False),
        ),
        Architecture(
            name="mlp",
            title="Two dense layers, no convolution",
            source="Keras's example mnist_mlp",
            published="0.984 on MNIST's test images after 20 epochs",
            build=_mlp,
            recipe=_plain("mlp", 20),
            advice=TrainingConfig("mlp", epochs=20, plain_epochs=2),
        ),
        Architecture(
            name="single-conv",
            title="One convolution, three dense layers",
            source="a Kaggle Digit Recognizer entry; its dropout rate is not known, 0.2 is ours",
            published="0.98214 on Kaggle's test.csv",
            build=_single_conv,
            recipe=_plain("single-conv", 10),
            advice=TrainingConfig("single-conv", epochs=25, plain_epochs=2),
        ),
        Architecture(
            name="conv-pool",
            title="Convolution and pooling, twice, then one dense layer",
            source="the introduction to convolutional networks that beginners start from",
            published="nothing that we know",
            build=_conv_pool,
            recipe=_plain("conv-pool", 10, batch_size=100),
            advice=TrainingConfig("conv-pool", epochs=12, learning_rate=1e-3, plain_epochs=2),
        ),
        Architecture(
            name="two-block",
            title="Two blocks of two convolutions",
            source="two Kaggle Digit Recognizer entries",
            published="0.99728 on Kaggle's test.csv after 30 epochs, trained on all 60,000 "
            "MNIST training images, which hold most of Kaggle's test rows",
            build=_two_block,
            recipe=_plain("two-block", 30),
            advice=TrainingConfig("two-block", epochs=20, plain_epochs=3),
        ),
        Architecture(
            name="wide-dense",
            title="Two blocks of two convolutions, then very wide dense layers",
            source="a Kaggle Digit Recognizer entry, split 90/10; its dropout rates are not "
            "known, 0.5 is ours",
            published="nothing that we know",
            build=_wide_dense,
            recipe=_plain("wide-dense", 30),
            advice=TrainingConfig("wide-dense", epochs=10, learning_rate=1e-3, plain_epochs=2),
        ),
        Architecture(
            name="compact",
            title="Small and quick: four convolutions with batch normalisation",
            source="ours",
            published="nothing elsewhere",
            build=_compact,
            recipe=TrainingConfig(
                "compact", epochs=3, augment=False, learning_rate=8e-3, weight_decay=5e-2
            ),
            advice=TrainingConfig("compact", epochs=20, learning_rate=4e-3, weight_decay=1e-2),
        ),
        Architecture(
            name="six-conv",
            title="Six convolutions with batch normalisation, and an output for what is no digit",
            source="ours",
            published="nothing elsewhere",
            build=_six_conv,
            recipe=TrainingConfig(
                "six-conv", epochs=10, learning_rate=4e-3, weight_decay=1e-2, plain_epochs=2
            ),
            advice=TrainingConfig("six-conv", epochs=20, learning_rate=4e-3, weight_decay=1e-2),
        ),
        Architecture(
            name="small-six-conv",
            title="Six convolutions of a quarter of six-conv's multiplications",
            source="ours",
            published="nothing elsewhere",
            build=_small_six_conv,
            recipe=TrainingConfig(
                "small-six-conv",
                epochs=12,
                batch_size=256,
                learning_rate=5e-3,
                weight_decay=1e-2,
                plain_epochs=2,
                averaging=0.998,
            ),
            advice=TrainingConfig(
                "small-six-conv", epochs=20, learning_rate=4e-3, weight_decay=1e-2
            ),
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
