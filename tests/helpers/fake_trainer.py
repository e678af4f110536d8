"""A trainer without Keras: softmax regression in NumPy behind the functions of `finalize.Trainer`.

It has all that a resume can get wrong: weights, momentum, a schedule, a random state that every
batch moves on, an order of the rows, and best weights.
"""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from recognizer.architectures import network_input
from recognizer.records import Digits, EpochLog, TrainingConfig
from recognizer.training.events import (
    BatchLog,
    EpochEnd,
    Event,
    Trained,
    TrainingState,
    ValidationLog,
)

SHAPE = (49, 10)


class Network:
    """Reads means of 4 × 4 pixels."""

    def __init__(self, weights: np.ndarray) -> None:
        self.weights = weights

    def predict(self, images: np.ndarray, verbose: int = 0) -> np.ndarray:
        scores = features(images) @ self.weights  # (n, 10)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def count_params(self) -> int:
        return self.weights.size


class FakeTrainer:
    """Stands in for what trains with Keras."""

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause  # seconds a batch takes

    def train(
        self,
        config: TrainingConfig,
        rows: Digits,
        validation: Digits,
        *,
        resume: TrainingState | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        run = Run(config, rows, validation)
        if resume is not None:
            run.restore(resume)
        while run.epoch < config.epochs and not 0 < config.patience <= run.epoch - run.best[2]:
            yield from run.one_epoch(stopped, self.pause)
            if stopped():
                break
        yield Trained(Network(run.best_weights), run.history, run.best[2])

    def save(self, network: Network, folder: Path, digits: Digits) -> None:
        assert len(digits)
        for name in ("model.keras", "model.tflite"):
            (folder / name).write_bytes(self.light(network))

    def light(self, network: Network) -> bytes:
        content = io.BytesIO()
        np.save(content, network.weights)
        return content.getvalue()

    def versions(self) -> dict[str, str]:
        return {"fake": "1"}

    def hardware(self) -> str:
        return "none"


class Run:
    def __init__(self, config: TrainingConfig, rows: Digits, validation: Digits) -> None:
        self.config, self.rows, self.validation = config, rows, validation
        self.batches = -(-len(rows) // config.batch_size)
        self.epoch, self.history, self.best = 0, (), (-1.0, 0.0, 0)
        self.weights, self.momentum = np.zeros(SHAPE), np.zeros(SHAPE)
        self.best_weights = self.weights.copy()
        self.random = np.array([config.seed], np.int64)

    def one_epoch(self, stopped: Callable[[], bool], pause: float) -> Iterator[Event]:
        epoch, losses, reading = self.epoch + 1, [], None
        order = np.random.default_rng((self.config.seed, epoch)).permutation(len(self.rows))
        for batch in range(1, self.batches + 1):
            step = self.epoch * self.batches + batch
            losses.append(self.learn(order[batch - 1 :: self.batches], step))
            time.sleep(pause)
            yield BatchLog(step, epoch, batch, self.batches, float(np.mean(losses)), 0.5, 1.0)
            if batch in (1, self.batches):
                reading = self.read(step, epoch)
                yield reading
            if stopped():
                return
        self.epoch = epoch
        log = EpochLog(epoch, float(np.mean(losses)), 0.5, 0.1, reading.loss, reading.accuracy)
        self.history += (log,)
        yield EpochEnd(log, Network(self.weights.copy()), self.state)

    def learn(self, chosen: np.ndarray, step: int) -> float:
        self.random = (self.random * 1_103_515_245 + 12_345) % 2**31  # noise for augmentation
        noise = np.random.default_rng(self.random).normal(0, 0.01, (len(chosen), SHAPE[0]))
        inputs = features(network_input(self.rows.images[chosen])) + noise  # (n, 49)
        labels = self.rows.labels[chosen]
        powers = np.exp(inputs @ self.weights)
        probabilities = powers / powers.sum(axis=1, keepdims=True)
        gradient = inputs.T @ (probabilities - np.eye(SHAPE[1])[labels]) / len(chosen)
        self.momentum = 0.9 * self.momentum + gradient
        self.weights = self.weights - self.config.learning_rate * self.momentum / step**0.5
        return float(-np.log(probabilities[np.arange(len(labels)), labels]).mean())

    def read(self, step: int, epoch: int) -> ValidationLog:
        probabilities = Network(self.weights).predict(network_input(self.validation.images))
        labels = self.validation.labels
        loss = float(-np.log(probabilities[np.arange(len(labels)), labels]).mean())
        accuracy = float((probabilities.argmax(axis=1) == labels).mean())
        best = (accuracy, -loss) > self.best[:2]
        if best:
            self.best, self.best_weights = (accuracy, -loss, epoch), self.weights.copy()
        probabilities = probabilities.astype(np.float32)
        return ValidationLog(step, epoch, loss, accuracy, probabilities, best)

    def state(self) -> TrainingState:
        arrays = {name: getattr(self, name) for name in ("weights", "momentum", "random")}
        arrays["best"] = self.best_weights
        return TrainingState(self.epoch, self.history, self.best, arrays)

    def restore(self, state: TrainingState) -> None:
        for name in ("weights", "momentum", "random"):
            setattr(self, name, state.arrays[name])
        self.best_weights = state.arrays["best"]
        self.epoch, self.history, self.best = state.epoch, state.history, state.best


def features(images: np.ndarray) -> np.ndarray:
    """(n, 28, 28, 1) -> (n, 49)."""
    return images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, SHAPE[0])
