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

from recognizer.architectures import networks
from recognizer.architectures.networks import INPUT_SHAPE
from recognizer.errors import SettingError
from recognizer.records import WHITE, TrainingConfig

if TYPE_CHECKING:
    import keras

__all__ = ["ARCHITECTURES", "INPUT_SHAPE", "Architecture", "architecture", "network_input"]


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
            build=networks.softmax,
            recipe=_plain("softmax", 10),
            advice=TrainingConfig("softmax", epochs=10, augment=False),
        ),
        Architecture(
            name="mlp",
            title="Two dense layers, no convolution",
            source="Keras's example mnist_mlp",
            published="0.984 on MNIST's test images after 20 epochs",
            build=networks.mlp,
            recipe=_plain("mlp", 20),
            advice=TrainingConfig("mlp", epochs=20, plain_epochs=2),
        ),
        Architecture(
            name="single-conv",
            title="One convolution, three dense layers",
            source="a Kaggle Digit Recognizer entry; its dropout rate is not known, 0.2 is ours",
            published="0.98214 on Kaggle's test.csv",
            build=networks.single_conv,
            recipe=_plain("single-conv", 10),
            advice=TrainingConfig("single-conv", epochs=25, plain_epochs=2),
        ),
        Architecture(
            name="conv-pool",
            title="Convolution and pooling, twice, then one dense layer",
            source="the introduction to convolutional networks that beginners start from",
            published="nothing that we know",
            build=networks.conv_pool,
            recipe=_plain("conv-pool", 10, batch_size=100),
            advice=TrainingConfig("conv-pool", epochs=12, learning_rate=1e-3, plain_epochs=2),
        ),
        Architecture(
            name="two-block",
            title="Two blocks of two convolutions",
            source="two Kaggle Digit Recognizer entries",
            published="0.99728 on Kaggle's test.csv after 30 epochs, trained on all 60,000 "
            "MNIST training images, which hold most of Kaggle's test rows",
            build=networks.two_block,
            recipe=_plain("two-block", 30),
            advice=TrainingConfig("two-block", epochs=20, plain_epochs=3),
        ),
        Architecture(
            name="wide-dense",
            title="Two blocks of two convolutions, then very wide dense layers",
            source="a Kaggle Digit Recognizer entry, split 90/10; its dropout rates are not "
            "known, 0.5 is ours",
            published="nothing that we know",
            build=networks.wide_dense,
            recipe=_plain("wide-dense", 30),
            advice=TrainingConfig("wide-dense", epochs=10, learning_rate=1e-3, plain_epochs=2),
        ),
        Architecture(
            name="compact",
            title="Small and quick: four convolutions with batch normalisation",
            source="ours",
            published="nothing elsewhere",
            build=networks.compact,
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
            build=networks.six_conv,
            recipe=TrainingConfig(
                "six-conv", epochs=10, learning_rate=4e-3, weight_decay=1e-2, plain_epochs=2
            ),
            advice=TrainingConfig("six-conv", epochs=20, learning_rate=4e-3, weight_decay=1e-2),
        ),
        Architecture(
            name="small-six-conv",
            title="Like six-conv, but small and quick: a quarter of its multiplications",
            source="ours",
            published="nothing elsewhere",
            build=networks.small_six_conv,
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
