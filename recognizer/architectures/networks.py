"""How the networks are built, uncompiled and with fresh weights.

Importing Keras takes seconds, so it happens in each function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recognizer.records import IMAGE_SIZE, LABELS

if TYPE_CHECKING:
    import keras

INPUT_SHAPE = (IMAGE_SIZE, IMAGE_SIZE, 1)


def softmax() -> keras.Model:
    """No hidden layer."""
    from keras import Input, Sequential, layers

    return Sequential(
        [Input(INPUT_SHAPE), layers.Flatten(), layers.Dense(len(LABELS), activation="softmax")],
        name="softmax",
    )


def mlp() -> keras.Model:
    """Two dense layers of 512."""
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


def single_conv() -> keras.Model:
    """One convolution, three dense layers."""
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


def conv_pool() -> keras.Model:
    """Two convolutions, each pooled, one dense layer of 1,024."""
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


def two_block() -> keras.Model:
    """Two blocks of two convolutions, one dense layer of 256."""
    return _two_blocks("two-block", (256, 0.5))


def wide_dense() -> keras.Model:
    """Two blocks of two convolutions, dense layers of 8,192 and 2,048."""
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


def compact() -> keras.Model:
    """Four convolutions with batch normalisation."""
    at_14 = (16, 5, 2), (24, 3, 1)  # to (14, 14, 24)
    at_7 = (64, 3, 2), (64, 3, 1)  # to (7, 7, 64)
    outputs = len(LABELS)
    return _normalised("compact", at_14 + at_7, momentum=0.9, dropout=0.1, outputs=outputs)


def six_conv() -> keras.Model:
    """Six convolutions with batch normalisation."""
    at_14 = (32, 5, 2), (64, 3, 1), (64, 3, 1)  # to (14, 14, 64)
    at_7 = (96, 3, 2), (128, 3, 1), (128, 3, 1)  # to (7, 7, 128)
    outputs = len(LABELS) + 1  # the last: not a digit
    return _normalised("six-conv", at_14 + at_7, momentum=0.95, dropout=0.4, outputs=outputs)


def small_six_conv() -> keras.Model:
    """Six convolutions with a quarter of the multiplications of `six_conv`."""
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
