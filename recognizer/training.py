"""Train a network: `train()` yields what happens, and the caller decides who sees it.

It neither prints, nor draws, nor publishes. This is one of the two modules that import Keras.
"""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes are not for users

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from recognizer import store
from recognizer.architectures import INPUT_SHAPE, architecture, network_input
from recognizer.errors import ModelError
from recognizer.records import Digits, EpochLog, TrainingConfig

WARMUP = 0.1  # share of the steps in which the learning rate rises
BATCHES_A_REPORT = 20
AGREEMENT = 1e-4  # largest difference of a probability between Keras and LiteRT
SAMPLE = 1_000  # images on which the two are compared

# The augmentation: what a digit can undergo and stay itself. Larger turns make a 6 of a 9's top.
TURN = 12 / 360  # of a full turn, either way
SHIFT = 0.08  # of the side: 2 pixels
ZOOM = 0.12


@dataclass(frozen=True)
class BatchLog:
    """How far the epoch under way is.

    Attributes:
        epoch: from 1.
        batch: batches done in it.
        batches: batches in an epoch.
        loss: mean so far, in nats.
        accuracy: share read right so far.
    """

    epoch: int
    batch: int
    batches: int
    loss: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Trained:
    """The end: the trained network without its augmentation, and its curve."""

    network: keras.Model
    history: tuple[EpochLog, ...]


def train(config: TrainingConfig, digits: Digits) -> Iterator[BatchLog | EpochLog | Trained]:
    """Train a fresh network on labelled digits.

    Adam with one cycle of the learning rate: a rise over a tenth of the steps, then half a
    cosine down to zero (Smith & Topin, 2018; Loshchilov & Hutter, 2017).

    Args:
        config: the settings; `held_out` is the caller's, all of `digits` is trained on.
        digits: training rows, with labels.

    Yields:
        A BatchLog every few batches, an EpochLog after each epoch, and last a Trained.
    """
    keras.utils.set_random_seed(config.seed)
    core = architecture(config.architecture).build()
    network = keras.Sequential([*augmentation(config), core]) if config.augment else core
    batches = -(-len(digits) // config.batch_size)
    step = _training_step(network, _optimizer(config, batches * config.epochs))
    history: list[EpochLog] = []
    for epoch in range(1, config.epochs + 1):
        started, loss, right, seen = time.monotonic(), 0.0, 0, 0
        for batch, (images, labels) in enumerate(_shuffled(digits, config, epoch), start=1):
            batch_loss, batch_right = step(images, labels)
            seen += len(labels)
            loss += float(batch_loss) * len(labels)
            right += int(batch_right)
            if batch % BATCHES_A_REPORT == 0:
                yield BatchLog(epoch, batch, batches, loss / seen, right / seen)
        history.append(EpochLog(epoch, loss / seen, right / seen, time.monotonic() - started))
        yield history[-1]
    yield Trained(core, tuple(history))


def augmentation(config: TrainingConfig) -> list[layers.Layer]:
    """Return the layers that stand before the network in training, and are not published."""
    around = {"fill_mode": "constant", "fill_value": 0.0}
    return [
        keras.Input(INPUT_SHAPE),
        layers.RandomRotation(TURN, seed=config.seed, **around),
        layers.RandomTranslation(SHIFT, SHIFT, seed=config.seed + 1, **around),
        layers.RandomZoom((-ZOOM, ZOOM), (-ZOOM, ZOOM), seed=config.seed + 2, **around),
    ]


def save(network: keras.Model, folder: Path, digits: Digits) -> None:
    """Write `model.keras` and `model.tflite`, and check that they read alike.

    Args:
        network: not compiled: an optimizer's state would be written too and triple the file.
        folder: an existing folder.
        digits: images to compare the two on; the first 1,000 are taken.

    Raises:
        ModelError: the two differ by more than 1e-4 in a probability, or in a digit.
    """
    network.save(folder / store.KERAS_FILE)
    (folder / store.TFLITE_FILE).write_bytes(_converted(network))
    images = network_input(digits.images[:SAMPLE])
    ours = network.predict(images, verbose=0)
    theirs = _lite(folder / store.TFLITE_FILE, images)
    difference = float(np.abs(ours - theirs).max())
    if difference > AGREEMENT or (ours.argmax(axis=1) != theirs.argmax(axis=1)).any():
        raise ModelError(
            f"The LiteRT network differs from the Keras one by {difference:.1e} in a probability, "
            f"expected at most {AGREEMENT:.0e}: not published."
        )


def versions() -> dict[str, str]:
    """Return what decides how a training comes out, by name."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


def hardware() -> str:
    """Return the class of this machine, such as "2 x86_64 cores, linux"."""
    gpus = len(tf.config.list_physical_devices("GPU"))
    accelerators = f", {gpus} GPU" if gpus else ""
    return f"{os.cpu_count()} {platform.machine()} cores{accelerators}, {sys.platform}"


def _optimizer(config: TrainingConfig, steps: int) -> keras.optimizers.Optimizer:
    warmup = max(1, round(WARMUP * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate / 25,
        warmup_target=config.learning_rate,
        warmup_steps=warmup,
        decay_steps=max(1, steps - warmup),
    )
    return keras.optimizers.Adam(schedule)


def _shuffled(
    digits: Digits, config: TrainingConfig, epoch: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches in an order that the seed and the epoch decide."""
    order = np.random.default_rng((config.seed, epoch)).permutation(len(digits))
    for start in range(0, len(order), config.batch_size):
        rows = order[start : start + config.batch_size]
        yield network_input(digits.images[rows]), digits.labels[rows].astype(np.int32)


def _training_step(network: keras.Model, optimizer: keras.optimizers.Optimizer):
    """Return a function (images, labels) -> (mean loss, number right), compiled once."""
    optimizer.build(network.trainable_variables)

    @tf.function(
        input_signature=(
            tf.TensorSpec((None, *INPUT_SHAPE), tf.float32),
            tf.TensorSpec((None,), tf.int32),
        )
    )
    def step(images, labels):
        with tf.GradientTape() as tape:
            probabilities = network(images, training=True)
            losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
            loss = tf.reduce_mean(losses)
        weights = network.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        read = tf.argmax(probabilities, axis=1, output_type=tf.int32)
        return loss, tf.reduce_sum(tf.cast(read == labels, tf.int32))

    return step


def _converted(network: keras.Model) -> bytes:
    """Return the network for LiteRT, in float32."""
    with tempfile.TemporaryDirectory() as saved:
        network.export(saved, verbose=False)  # from_keras_model prints the whole signature
        return tf.lite.TFLiteConverter.from_saved_model(saved).convert()


def _lite(path: Path, images: np.ndarray) -> np.ndarray:
    """Return what LiteRT reads, (n, 10), in one call."""
    from ai_edge_litert.interpreter import Interpreter

    runtime = Interpreter(model_path=str(path))
    index = runtime.get_input_details()[0]["index"]
    runtime.resize_tensor_input(index, images.shape)
    runtime.allocate_tensors()
    runtime.set_tensor(index, images)
    runtime.invoke()
    return runtime.get_tensor(runtime.get_output_details()[0]["index"])
