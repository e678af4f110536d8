"""Train a small network to say what a larger one does: `distil` yields it after each epoch.

It learns the larger one's probabilities instead of labels (Hinton, Vinyals & Dean, 2015). One of
the modules that import Keras.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes are not for users

import keras
import numpy as np
import tensorflow as tf

from recognizer.architectures import INPUT_SHAPE, network_input
from recognizer.preview.network import Layer
from recognizer.records import NOT_A_DIGIT

CONVOLUTIONS = ((16, 5, 2), (32, 3, 1), (64, 3, 2), (80, 3, 1), (64, 3, 1))  # filters, side, stride
OUTPUTS = NOT_A_DIGIT + 1
EPOCHS, BATCH, PEAK_RATE, WARMUP, WEIGHT_DECAY = 5, 256, 6e-3, 0.15, 1e-2
TEMPERATURE = 3.0  # softens the teacher's probabilities, so that the small ones count too
FLOOR = 1e-6  # of a teacher's probability: what is less is as good as nothing


@dataclass(frozen=True)
class Epoch:
    """One pass over the images.

    Attributes:
        number: from 1.
        loss: mean divergence from the teacher's probabilities, plain and softened, in nats.
        layers: the network as it is now, for `preview.network.Preview`.
    """

    number: int
    loss: float
    layers: list[Layer]


def distil(
    images: np.ndarray, probabilities: np.ndarray, *, seed: int, epochs: int = EPOCHS
) -> Iterator[Epoch]:
    """Train a small network to give a teacher's probabilities.

    Args:
        images: array of shape (n, 28, 28), uint8; n at least `BATCH`.
        probabilities: the teacher's, array of shape (n, 11), rows sum to 1.
        seed: of the first weights and the order of the images.
        epochs: passes over the images.
    """
    keras.utils.set_random_seed(seed)
    network = build()
    steps = len(images) // BATCH * epochs
    warmup = max(1, round(WARMUP * steps))
    rate = keras.optimizers.schedules.CosineDecay(
        PEAK_RATE / 25, max(1, steps - warmup), warmup_target=PEAK_RATE, warmup_steps=warmup
    )
    step = _step(network, keras.optimizers.Adam(rate, weight_decay=WEIGHT_DECAY))
    logits = np.log(np.maximum(probabilities, FLOOR)).astype(np.float32)  # but for a constant
    for number in range(1, epochs + 1):
        order = np.random.default_rng((seed, number)).permutation(len(images))
        losses = []
        for start in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[start : start + BATCH]
            losses.append(step(network_input(images[rows]), logits[rows]))
        yield Epoch(number, float(np.mean(losses)), folded(network))


def build() -> keras.Model:
    """Return the small network with fresh weights; it gives logits, not probabilities."""
    layers = [keras.Input(INPUT_SHAPE)]
    for filters, side, stride in CONVOLUTIONS:
        layers += [
            keras.layers.Conv2D(filters, side, strides=stride, padding="same", use_bias=False),
            keras.layers.BatchNormalization(momentum=0.95),
            keras.layers.ReLU(),
        ]
    return keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(OUTPUTS)])


def folded(network: keras.Model) -> list[Layer]:
    """Return a small network's layers, each batch normalisation made part of its convolution."""
    layers = []
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            (kernel,), stride = layer.get_weights(), layer.strides[0]
        elif isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            factor = gamma / np.sqrt(variance + layer.epsilon)
            layers.append(Layer(kernel * factor, beta - mean * factor, stride))
    weights, bias = network.layers[-1].get_weights()
    side, _, inputs = network.layers[-2].input.shape[1:]
    dense = weights.reshape(side, side, inputs, OUTPUTS)
    return [*layers, Layer(dense, bias, padded=False, rectified=False)]


def _step(network: keras.Model, optimizer: keras.optimizers.Optimizer) -> Callable:
    """Return a function (images, the teacher's logits) -> mean loss, compiled once."""
    optimizer.build(network.trainable_variables)

    @tf.function(
        input_signature=(
            tf.TensorSpec((BATCH, *INPUT_SHAPE), tf.float32),
            tf.TensorSpec((BATCH, OUTPUTS), tf.float32),
        )
    )
    def step(images, teacher):
        with tf.GradientTape() as tape:
            student = network(images, training=True)
            loss = sum(_divergence(teacher, student, t) * t for t in (1.0, TEMPERATURE))
        weights = network.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    return step


def _divergence(teacher: tf.Tensor, student: tf.Tensor, temperature: float) -> tf.Tensor:
    """Return the mean Kullback-Leibler divergence of softened probabilities, in nats."""
    goal = tf.nn.log_softmax(teacher / temperature)
    predicted = tf.nn.log_softmax(student / temperature)
    return tf.reduce_mean(tf.reduce_sum(tf.exp(goal) * (goal - predicted), axis=-1))
