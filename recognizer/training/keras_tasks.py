"""Small questions that only Keras can answer, asked by the pages through the command line.

What a network is made of, how fast it trains on this machine, what augmentation makes of a digit.
"""

import time
from pathlib import Path

import numpy as np

from recognizer.architectures import Architecture, architecture, network_input
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.outputs import digit_probabilities
from recognizer.records import IMAGE_SIZE, LABELS, WHITE, Digits, TrainingConfig

TRIAL_SECONDS = 4.0
TRIAL_BATCHES = (3, 18)  # at least, at most; before the first reading of the validation rows
TRIAL_ROWS = 1_000_000  # so many that no reading falls into the trial; they take no memory
VERSIONS = 8  # of each digit in a preview


def layer_table(architecture: Architecture) -> dict:
    """Return a network's layers, with their output shapes without the batch, and parameters."""
    network = architecture.build()
    return {
        "name": architecture.name,
        "title": architecture.title,
        "parameters": network.count_params(),
        "layers": [
            {
                "name": layer.name,
                "type": type(layer).__name__,
                "output_shape": list(layer.output.shape[1:]),
                "parameters": layer.count_params(),
            }
            for layer in network.layers
        ],
    }


def speed(config: TrainingConfig) -> float:
    """Return how many images a second a training with these settings takes in on this machine."""
    from recognizer.training import loop

    times: list[float] = []

    def stopped() -> bool:
        times.append(time.monotonic())  # after a batch; the first one compiles and is not counted
        least, most = TRIAL_BATCHES
        enough = len(times) > least and times[-1] - times[0] > TRIAL_SECONDS
        return enough or len(times) > most

    for _ in loop.train(config, _blank(TRIAL_ROWS), _blank(1), stopped=stopped):
        pass
    return config.batch_size * (len(times) - 1) / (times[-1] - times[0])


def preview(images: np.ndarray, seed: int) -> np.ndarray:
    """Return what augmentation makes of digits.

    Args:
        images: array of shape (n, 28, 28), uint8.
        seed: of the changes.

    Returns:
        Array of shape (n, 8, 28, 28), uint8.
    """
    from recognizer.training.augmentation import Augmentation

    repeated = np.repeat(network_input(images), VERSIONS, axis=0)  # (8 n, 28, 28, 1)
    changed = np.asarray(Augmentation(seed)(repeated, training=True))
    pixels = np.clip(changed * WHITE, 0, WHITE).round().astype(np.uint8)
    return pixels.reshape(len(images), VERSIONS, IMAGE_SIZE, IMAGE_SIZE)


def saved_reading(folder: Path, images: np.ndarray) -> np.ndarray:
    """Return what a model's `model.keras` reads.

    Only its weights are taken, into the network as our code builds it: nothing that the file
    describes is built or run, whoever made it.

    Args:
        folder: of a model.
        images: array of shape (n, 28, 28), uint8.

    Returns:
        Array of shape (n, 10), float32.
    """
    card = ModelCard.from_json((folder / registry.CARD_FILE).read_text("utf-8"))
    network = architecture(card.architecture).build()
    network.load_weights(folder / registry.KERAS_FILE)
    outputs = network(network_input(images), training=False)  # (n, 10) or (n, 11)
    return digit_probabilities(np.asarray(outputs))


def _blank(rows: int) -> Digits:
    """Return blank pictures, all of them the same memory."""
    images = np.broadcast_to(np.zeros((), np.uint8), (rows, IMAGE_SIZE, IMAGE_SIZE))
    return Digits(images, (np.arange(rows) % len(LABELS)).astype(np.uint8))
