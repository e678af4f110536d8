"""Fits the network that reads a pen's path: `python -m tools.fit_trajectory --data DIR`.

It learns from digits that the first part of the people drew, each as several other hands might have
drawn it, some of their strokes backwards, and from what is no digit. Its threshold of doubt, beside
the default model's, is chosen on the second part, on which the command also says how well it reads.
Some two minutes on two cores.

The digits of numbers are cut out with the weights that are there: after a change of the features
these do not fit, so begin with --without-numbers, then tools/fit_numbers.py, then both again.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from recognizer import evaluation
from recognizer.imaging import non_digits
from recognizer.imaging.strokes import CONDITIONS, Drawing, draw
from recognizer.imaging.synthesis import linked, pair, rewritten, scribble, varied
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.preprocessing import to_mnist
from recognizer.records import NOT_A_DIGIT
from recognizer.training import people
from recognizer.training.recipes import MEASURED_AS, REFUSED, REFUSED_TIMES
from recognizer.trajectory import features, network, sample_drawing

SEED = 1
REWRITINGS, FEW_REWRITINGS = 4, 6  # of each drawing; of those by people who drew few
LETTERS, NUMBERS = 2, 2  # likewise
OF_ONE, OF_TWO, PAIRS, SCRIBBLES, TAPS = 2_000, 2_000, 2_000, 1_000, 200
BACKWARDS = 0.12  # share of the strokes
LINKED = 0.1  # share of the digits
HIDDEN, EPOCHS, BATCH, RATE, WARMUP, DECAY = (128, 64), 10, 128, 2e-3, 500, 0.05
DROPOUT, AVERAGING = (0.15, 0.2), 0.998  # of the features and of hidden units; of the weights

Labelled = tuple[Sequence[np.ndarray], int]  # strokes of a character, and what it is


def main() -> None:
    """Fit the network, write its weights, and say how well it reads the second part."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--out", type=Path, default=network.WEIGHTS)
    options.add_argument("--without-numbers", action="store_true", help="no digits cut out of them")
    given = options.parse_args()
    recognizer = Recognizer.load(models_dir=registry.SHIPPED)
    pen, more, numbers = (
        read(given.data)[:2] for read in (people.pen, people.more, people.numbers)
    )
    digits = [
        [
            *one.digits,
            *few,
            *([] if given.without_numbers else people.cut_digits(drawn, recognizer)),
        ]
        for one, few, drawn in zip(pen, more, numbers, strict=True)
    ]
    rng = np.random.default_rng(SEED)
    paths, labels = zip(
        *of_digits(pen[0].digits, REWRITINGS, rng),
        *of_digits(digits[0][len(pen[0].digits) :], FEW_REWRITINGS, rng),
        *of_none(pen[0], numbers[0], rng),
        strict=True,
    )
    print(
        f"{len(labels):,} characters, {labels.count(NOT_A_DIGIT):,} of them no digit.", flush=True
    )
    characters = [backwards(sample_drawing(strokes), rng) for strokes in paths]
    fitted = fit(features.measure(characters), np.array(labels))
    fitted = choose_threshold(fitted, recognizer, [*pen[1].digits, *more[1]])
    arrays = {one.name: getattr(fitted, one.name) for one in fields(fitted)}
    np.savez_compressed(given.out, **{k: v.astype(np.float16) for k, v in arrays.items()})
    for name, drawn in (("digits", digits[1]), ("letters", pen[1].letters)):
        print(f"{name} of the second part: {report(fitted, recognizer, drawn)}", flush=True)


def of_digits(
    drawings: Sequence[Drawing], times: int, rng: np.random.Generator
) -> Iterator[Labelled]:
    """Yield each drawing of a digit as other hands might have drawn it, with its label."""
    for one in drawings:
        for _ in range(times):
            strokes = rewritten(one, rng)
            if rng.random() < LINKED:
                strokes = linked(strokes, rng)
            yield strokes, int(one.label)


def of_none(
    learn: people.Pen, numbers: Sequence[Drawing], rng: np.random.Generator
) -> Iterator[Labelled]:
    """Yield letters, halves and pairs of digits, whole numbers, scribbles and taps."""
    by_writer = defaultdict(list)
    for one in learn.digits:
        by_writer[one.writer].append(one.strokes)
    for one in learn.letters:
        for _ in range(LETTERS):
            yield varied(one.strokes, rng), NOT_A_DIGIT
    for kind in non_digits.OF_ONE:
        for of in rng.integers(len(learn.digits), size=OF_ONE):
            yield kind(varied(learn.digits[of].strokes, rng), rng), NOT_A_DIGIT
    for kind in non_digits.OF_TWO:
        for of in rng.integers(len(learn.digits), size=OF_TWO):
            own = by_writer[learn.digits[of].writer]
            other = own[rng.integers(len(own))]
            yield varied(kind(learn.digits[of].strokes, other, rng), rng), NOT_A_DIGIT
    for first, second in rng.integers(len(learn.digits), size=(PAIRS, 2)):
        two = pair(learn.digits[first].strokes, learn.digits[second].strokes, rng)
        yield varied(two, rng), NOT_A_DIGIT
    for one in numbers:
        if len(one.label) > 1:
            for _ in range(NUMBERS):
                yield varied(one.strokes, rng), NOT_A_DIGIT
    for _ in range(SCRIBBLES):
        yield scribble(rng), NOT_A_DIGIT
    for _ in range(TAPS):
        yield [rng.uniform(0, 1, (1, 2))], NOT_A_DIGIT


def backwards(paths: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Return paths, some of them drawn from the end to the start."""
    return [path[::-1] if rng.random() < BACKWARDS else path for path in paths]


def fit(inputs: np.ndarray, labels: np.ndarray) -> network.Weights:
    """Return the network that tells the labels from the features; its threshold is still 0."""
    import keras  # which takes seconds

    keras.utils.set_random_seed(SEED)
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 0.02
    layers = [keras.Input((features.COUNT,)), keras.layers.Dropout(DROPOUT[0])]
    for units in HIDDEN:
        layers += [
            keras.layers.Dense(units, "relu", kernel_initializer="he_normal"),
            keras.layers.Dropout(DROPOUT[1]),
        ]
    model = keras.Sequential([*layers, keras.layers.Dense(NOT_A_DIGIT + 1)])
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, EPOCHS * (len(labels) // BATCH), warmup_target=RATE, warmup_steps=WARMUP
    )
    model.compile(
        keras.optimizers.AdamW(rate, DECAY, use_ema=True, ema_momentum=AVERAGING),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit((inputs - mean) / scale, labels, BATCH, EPOCHS, verbose=2)
    return network.Weights(mean, scale, *model.get_weights(), threshold=np.zeros(()))


def choose_threshold(
    fitted: network.Weights, recognizer: Recognizer, drawings: Sequence[Drawing]
) -> network.Weights:
    """Return the network with the threshold at which `REFUSED` of each writer's are doubted."""
    many = [*drawings] * REFUSED_TIMES
    _, picture, _, path = both(fitted, recognizer, many)
    excess = network.excess(picture, recognizer.card.rejection.threshold)
    together = excess + network.excess(path, 0.5)
    bound = evaluation.threshold(together, [one.writer for one in many], REFUSED)
    return replace(fitted, threshold=np.array(1 / (1 + np.exp(-bound))))


def both(
    fitted: network.Weights, recognizer: Recognizer, drawings: Sequence[Drawing]
) -> tuple[np.ndarray, ...]:
    """Return probabilities and digit scores of the drawings' pictures, and of their paths."""
    rng = np.random.default_rng(SEED)
    condition = CONDITIONS[MEASURED_AS]
    images = np.stack([to_mnist(draw(one.strokes, condition, rng)) for one in drawings])
    paths = fitted.read([sample_drawing(one.strokes) for one in drawings])
    return *recognizer.predict_scored(images), *paths


def report(fitted: network.Weights, recognizer: Recognizer, drawings: Sequence[Drawing]) -> str:
    """Say how many drawings are misread and doubted by their picture, their path, and both."""
    pictures, picture, paths, path = both(fitted, recognizer, drawings)
    bound = recognizer.card.rejection.threshold
    together = network.excess(picture, bound) + network.excess(path, fitted.threshold) < 0
    said = [f"{len(drawings):,}; doubted by the picture {(picture < bound).mean():.1%}"]
    said.append(f"by both {together.mean():.1%}")
    if drawings[0].label.isdigit():
        labels = np.array([int(one.label) for one in drawings])
        read = {"picture": pictures, "path": paths, "both": network.join(pictures, paths)}
        said += [
            f"misread by {name} {(of.argmax(axis=1) != labels).sum()}" for name, of in read.items()
        ]
    return ", ".join(said)


if __name__ == "__main__":
    main()
