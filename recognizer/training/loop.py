"""Train a network: `train()` yields what happens, and the caller decides who sees it.

It neither prints, nor draws, nor publishes. This is one of the two modules that import Keras.
"""

import os
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes are not for users

import keras
import numpy as np
import tensorflow as tf

from recognizer import evaluation
from recognizer.architectures import INPUT_SHAPE, architecture, network_input
from recognizer.models import registry
from recognizer.outputs import digit_probabilities
from recognizer.records import Digits, EpochLog, TrainingConfig
from recognizer.training import distillation, temperature
from recognizer.training.augmentation import Augmentation
from recognizer.training.events import (
    BatchLog,
    EpochEnd,
    Event,
    Trained,
    TrainingState,
    ValidationLog,
)

WARMUP = 0.2  # share of the steps in which the learning rate rises
BATCHES_A_REPORT = 10
READINGS_AN_EPOCH = 5  # of the validation rows; the last one is at the epoch's end
FIRST_READING = 20  # batches after the start: a first confusion matrix to look at
READ_AT_ONCE = 512  # images
_BEST_OF_READ = "best-of-read"  # in a state: that the best weights are of the network that is read


def train(
    config: TrainingConfig,
    rows: Digits,
    validation: Digits,
    *,
    resume: TrainingState | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train a network on labelled digits.

    Adam (Kingma & Ba, 2015), its weight decay apart from the gradient (Loshchilov & Hutter, 2019),
    with one cycle of the learning rate: a rise, then half a cosine down
    to zero (Smith & Topin, 2018; Loshchilov & Hutter, 2017). The last epochs can go without
    augmentation: what it bends too far no longer holds the network back (He et al., 2019, "Data
    augmentation revisited"). At the end the network's logits are divided by the temperature that
    the validation rows ask for (`temperature.temperature`).

    Args:
        config: the settings; its shares are the caller's, `rows` are all trained on.
        rows: to train on, with labels.
        validation: to validate on, with labels, at least one.
        resume: go on from here instead of from the start.
        stopped: asked after every batch; True ends the training with the best weights so far.

    Yields:
        A BatchLog every few batches, a ValidationLog several times an epoch, an EpochEnd after
        each epoch, and last a Trained.
    """
    run = _Run(config, rows, validation)
    if resume is not None:
        run.restore(resume)
    while run.epoch < config.epochs and not run.is_patience_over():
        yield from run.one_epoch(stopped)
        if stopped():
            break
    yield run.finish()


class _Run:
    """One training under way: the networks, the optimizer, and the best weights so far."""

    def __init__(self, config: TrainingConfig, rows: Digits, validation: Digits) -> None:
        keras.utils.set_random_seed(config.seed)
        self.config, self.rows, self.validation = config, rows, validation
        self.core = architecture(config.architecture).build()
        if config.start:
            self.core.set_weights(_weights(config.start))
        self.targets = distillation.targets(rows, self.core.output_shape[-1], config.teachers)
        self.network = self.core
        if config.augment:
            layers = [keras.Input(INPUT_SHAPE), Augmentation(config.seed), self.core]
            self.network = keras.Sequential(layers)
        self.batches = -(-len(rows) // config.batch_size)
        self.optimizer = _optimizer(config, self.batches * config.epochs)
        self.optimizer.build(self.network.trainable_variables)
        self.average = _copy(self.core, config.architecture) if config.averaging else None
        averaging = self.average, config.averaging
        self.step = _training_step(self.network, self.optimizer, self.core, *averaging)
        self.plain_step = _training_step(self.core, self.optimizer, self.core, *averaging)
        self.read = self.average or self.core  # what is read, chosen from and published
        self.predict = _prediction(self.read)
        self.epoch = 0
        self.history: tuple[EpochLog, ...] = ()
        self.best = (0.0, -np.inf, 0)  # accuracy, -Brier score, epoch
        self.start_weights = self.best_weights = self.read.get_weights()

    def one_epoch(self, stopped: Callable[[], bool]) -> Iterator[Event]:
        """Pass over the rows once, or until it is stopped."""
        epoch, started, reading_seconds = self.epoch + 1, time.monotonic(), 0.0
        loss = right = seen = 0
        marks = {self.batches * part // READINGS_AN_EPOCH for part in range(1, READINGS_AN_EPOCH)}
        is_plain = epoch > self.config.epochs - self.config.plain_epochs
        step_of = self.plain_step if is_plain else self.step
        last = (started, 0, 0.0)  # time, images and seconds of readings at the last BatchLog
        for batch, rows in enumerate(_shuffled(len(self.rows), self.config, epoch), start=1):
            images = network_input(self.rows.images[rows])
            labels = self.rows.labels[rows].astype(np.int32)
            batch_loss, batch_right = step_of(images, self.targets[rows], labels)
            seen += len(rows)
            loss += float(batch_loss) * len(rows)
            right += int(batch_right)
            step = self.epoch * self.batches + batch
            if batch % BATCHES_A_REPORT == 0 or batch == self.batches:
                now = time.monotonic()
                busy = now - last[0] - (reading_seconds - last[2])
                speed = (seen - last[1]) / max(busy, 1e-9)
                last = (now, seen, reading_seconds)
                yield BatchLog(step, epoch, batch, self.batches, loss / seen, right / seen, speed)
            if batch in marks or step == FIRST_READING or batch == self.batches:
                before = time.monotonic()
                reading = self._read(step, epoch)
                yield reading
                reading_seconds += time.monotonic() - before
            if stopped():
                return
        self.epoch = epoch
        log = EpochLog(
            epoch,
            loss / seen,
            right / seen,
            time.monotonic() - started,
            reading.loss,
            reading.accuracy,
        )
        self.history += (log,)
        yield EpochEnd(log, self.read, self.state)

    def is_patience_over(self) -> bool:
        """Whether no reading was better for too many epochs."""
        return 0 < self.config.patience <= self.epoch - self.best[2]

    def finish(self) -> Trained:
        """Put the best weights in place, and make the network no surer than it may be.

        Half-way between a model's weights and those that went on from it lies a network that knows
        what is new and has forgotten little (Wortsman et al., 2022; docs/handwriting.md).
        """
        by = 1.0
        if self.best[2]:
            weights = self.best_weights
            if self.config.start and self.config.keep_last:
                pairs = zip(self.start_weights, weights, strict=True)
                weights = [(old + new) / 2 for old, new in pairs]
            self.read.set_weights(weights)
            by = temperature.temperature(self._outputs(), self.validation.labels)
            last = self.read.layers[-1]  # gives the logits
            last.set_weights([weight / by for weight in last.get_weights()])
        return Trained(self.read, self.history, self.best[2], by)

    def state(self) -> TrainingState:
        """Copy all that a resume needs."""
        arrays = {name: variable.numpy() for name, variable in self._variables().items()}
        arrays |= {f"best-{i}": weight for i, weight in enumerate(self.best_weights)}
        arrays[_BEST_OF_READ] = np.True_
        return TrainingState(self.epoch, self.history, self.best, arrays)

    def restore(self, state: TrainingState) -> None:
        """Go on from a state."""
        for name, variable in self._variables().items():
            variable.assign(state.arrays[name])
        self.best_weights = [state.arrays[f"best-{i}"] for i in range(len(self.best_weights))]
        self.epoch, self.history, self.best = state.epoch, state.history, state.best
        if self.average and _BEST_OF_READ not in state.arrays:
            # An earlier version kept the network's own weights with the average's score.
            self.best_weights, self.best = self.read.get_weights(), (0.0, -np.inf, self.epoch)

    def _variables(self) -> dict[str, keras.Variable]:
        """Return every variable by a name: weights, random states, the optimizer's."""
        network = {f"network-{i}": one for i, one in enumerate(self.network.variables)}
        if self.average:
            network |= {f"average-{i}": one for i, one in enumerate(self.average.variables)}
        return network | {f"optimizer-{i}": one for i, one in enumerate(self.optimizer.variables)}

    def _read(self, step: int, epoch: int) -> ValidationLog:
        """Read the validation rows, and keep the weights if they read best."""
        labels = self.validation.labels
        probabilities = digit_probabilities(self._outputs())  # (n, 10)
        of_truth = probabilities[np.arange(len(labels)), labels]  # (n,)
        loss = float(-np.log(np.maximum(of_truth, 1e-7)).mean())
        accuracy = float((probabilities.argmax(axis=1) == labels).mean())
        # Not by accuracy, for a lucky reading wins, nor by the loss: few wrong labels decide it.
        score = evaluation.brier_score(probabilities, labels)
        best = self.config.keep_last or -score > self.best[1]
        if best:
            self.best, self.best_weights = (accuracy, -score, epoch), self.read.get_weights()
        return ValidationLog(step, epoch, loss, accuracy, probabilities, best)

    def _outputs(self) -> np.ndarray:
        """Return what the network gives for the validation rows, (n, 10) or (n, 11)."""
        images = self.validation.images
        pieces = range(0, len(images), READ_AT_ONCE)
        return np.concatenate(
            [self.predict(network_input(images[i : i + READ_AT_ONCE])).numpy() for i in pieces]
        )


def _optimizer(config: TrainingConfig, steps: int) -> keras.optimizers.Optimizer:
    decay = config.weight_decay or None
    if config.schedule == "constant":
        return keras.optimizers.Adam(config.learning_rate, weight_decay=decay)
    warmup = max(1, round(WARMUP * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate / 25,
        warmup_target=config.learning_rate,
        warmup_steps=warmup,
        decay_steps=max(1, steps - warmup),
    )
    return keras.optimizers.Adam(schedule, weight_decay=decay)


def _weights(name: str) -> list[np.ndarray]:
    """Return the weights of a published model."""
    file = registry.find_model(name).keras
    return keras.models.load_model(file, compile=False, safe_mode=True).get_weights()


def _copy(network: keras.Model, name: str) -> keras.Model:
    """Return a network of the same architecture and weights."""
    copy = architecture(name).build()
    copy.set_weights(network.get_weights())
    return copy


def _shuffled(n: int, config: TrainingConfig, epoch: int) -> Iterator[np.ndarray]:
    """Yield the numbers of each batch's rows, in an order that the seed and the epoch decide."""
    order = np.random.default_rng((config.seed, epoch)).permutation(n)
    for start in range(0, n, config.batch_size):
        yield order[start : start + config.batch_size]


def _training_step(
    network: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    core: keras.Model,
    average: keras.Model | None,
    decay: float,
):
    """Return a function (images, targets, labels) -> (mean loss, number right), compiled once.

    Args:
        network: learns; `core`, or `core` behind its augmentation.
        optimizer: of its weights.
        core: whose weights, batch normalisation's statistics among them, go into `average`.
        average: their exponential moving average, shorter in the first steps, as it knows little
            yet; None where there is none.
        decay: of the average, a step.
    """

    @tf.function(
        input_signature=(
            tf.TensorSpec((None, *INPUT_SHAPE), tf.float32),
            tf.TensorSpec((None, core.output_shape[-1]), tf.float32),
            tf.TensorSpec((None,), tf.int32),
        )
    )
    def step(images, targets, labels):
        with tf.GradientTape() as tape:
            probabilities = network(images, training=True)
            losses = keras.losses.categorical_crossentropy(targets, probabilities)
            loss = tf.reduce_mean(losses)
        weights = network.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        if average:
            steps = tf.cast(optimizer.iterations, tf.float32)
            kept = tf.minimum(decay, (1 + steps) / (10 + steps))
            for one, new in zip(average.weights, core.weights, strict=True):
                one.assign(kept * one + (1 - kept) * new)
        read = tf.argmax(probabilities, axis=1, output_type=tf.int32)
        return loss, tf.reduce_sum(tf.cast(read == labels, tf.int32))

    return step


def _prediction(network: keras.Model) -> Callable[[np.ndarray], tf.Tensor]:
    """Return a function (n, 28, 28, 1) -> (n, 10), compiled once."""

    @tf.function(input_signature=(tf.TensorSpec((None, *INPUT_SHAPE), tf.float32),))
    def predict(images):
        return network(images, training=False)

    return predict
