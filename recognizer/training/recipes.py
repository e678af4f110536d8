"""The training of the shipped default model, from data to card; `train --recipe default` runs it.

It has two stages: `first-stage`, and `default`, which goes on from that network with more kinds of
what is no digit, more people, and teachers.

It learns from scans, from pen drawings as the app's canvas shows them, and from what is no digit.
Rows and writers are divided in three: one part trains; on the second choices are made, such as the
best weights and the threshold of doubt; the third is only reported on.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from recognizer import datasets, evaluation
from recognizer.architectures import ARCHITECTURES
from recognizer.datasets import library, mnist, rendering, splits
from recognizer.errors import DataError
from recognizer.imaging import strokes
from recognizer.imaging.strokes import CONDITIONS, Drawing
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.models.card import Drawn, ModelCard, RejectionThreshold
from recognizer.models.registry import StoredModel
from recognizer.preprocessing import to_mnist
from recognizer.records import Digits, TrainingConfig
from recognizer.system import atomic
from recognizer.training import people
from recognizer.training.people import LETTERS, MORE, NUMBERS, PEN, Pen

SCANS = "digit-recognizer.zip"
FILES = (SCANS, PEN, MORE, LETTERS, NUMBERS)
BENT = f"{SCANS}, bent"  # a table, by which one knows a card of a model made by a recipe
PEN_LICENCE = "UNIPEN R01/V07 and UCI Pen-Based Recognition of Handwritten Digits, CC BY 4.0"
LETTER_LICENCE = "UNIPEN R01/V07, CC BY 4.0"

REWRITINGS, LETTER_REWRITINGS = 4, 3  # of each drawing
MORE_REWRITINGS = 5  # of each drawing by those who drew five digits each
NUMBER_REWRITINGS = 3
SECOND_SEED = 1_000  # added to the seed in the second stage: other bends and hands
LONGEST_NUMBER = 4  # characters: the digits of a longer one become specks
PAIRS, SCRIBBLES = 3_000, 2_000
OF_ONE, OF_TWO, TAPS = 2_000, 1_750, 600
SURE = 0.9  # mean probability from which what was cut off a digit is one itself
MEASURED_AS = "random"  # the condition of the drawings for choices and for figures
# Share of the digits by a writer of the second part that may be doubted: 0.01 would doubt one
# letter in a hundred more, and twice as many drawings.
REFUSED = 0.0075
REFUSED_TIMES = 3  # renderings of each drawing that decides on the threshold

_EXTRA = {"extra": True, "offered": False}  # of a table in the library
_FIRST = ARCHITECTURES["six-conv"].recipe
START = "six-conv-first-stage"  # the model that the first stage publishes
TEACHERS = (START, "two-block", "compact", "conv-pool")  # trained on the same part of the rows
READERS = TEACHERS  # whether a half is a digit after all
LAST = "default"  # which goes on where the training of `START` was resumed
RECIPES = {  # name -> settings of its last stage
    "first-stage": _FIRST,
    LAST: replace(
        _FIRST,
        epochs=6,
        learning_rate=2e-3,
        averaging=0.998,
        start=START,
        teachers=TEACHERS,
    ),
}


_Made = tuple[Digits, str, str, dict[str, bool]]  # digits, name, licence, role in the library


def first_stage(config: TrainingConfig) -> TrainingConfig:
    """Return the settings of the training that publishes the model which `config` starts from."""
    names = ("seed", "split_seed", "held_out", "validation")
    return replace(_FIRST, **{name: getattr(config, name) for name in names})


def has_start() -> bool:
    """Whether the model that the second stage starts from is published."""
    return any(model.name == START for model in registry.list_models().available)


def tables(data: Path, config: TrainingConfig) -> tuple[str, ...]:
    """Make what a stage of the recipe learns from and keep it in the library.

    Args:
        data: folder with the recipe's files.
        config: its seed and shares decide; with a model to start from it is the second stage.

    Returns:
        The tables' ids.

    Raises:
        DataError: a file is missing or damaged.
    """
    check(data)
    scans = datasets.read_digits(data / SCANS)
    rest, _ = splits.split(scans, config.held_out, config.seed_of_split)
    training, _ = splits.split(rest, config.validation, config.seed_of_split)
    learn, choose, _ = people.pen(data)
    seed = config.seed
    made = [(scans, SCANS, mnist.LICENCE, {})]
    if config.start is None:
        made += _learned(training, learn, seed)
    else:
        seed += SECOND_SEED
        more, numbers = people.more(data), people.numbers(data)
        made += _learned(training, learn, seed)
        made += _learned_more(learn, more[0], numbers[0], seed)
        choose = replace(choose, digits=[*choose.digits, *more[1]])
    chosen = rendering.render_drawings(choose.digits, seed=seed)
    validating = {"validation": True, "offered": False}
    made.append((chosen, f"{PEN}, second part of the writers", PEN_LICENCE, validating))
    return tuple(library.add(digits, name, of, **role).id for digits, name, of, role in made)


def _learned(training: Digits, learn: Pen, seed: int) -> list[_Made]:
    """Return what both stages learn from beside the scans, each its own bends and hands."""
    letters = rendering.not_digits(
        learn.letters,
        learn.digits,
        seed=seed,
        times=LETTER_REWRITINGS,
        pairs=PAIRS,
        scribbles=SCRIBBLES,
    )
    drawn = rendering.rewrite_drawings(learn.digits, seed=seed, times=REWRITINGS)
    part = "first part of the writers"
    return [
        (rendering.warp(training, seed=seed), BENT, mnist.LICENCE, _EXTRA),
        (drawn, f"{PEN}, {part}", PEN_LICENCE, _EXTRA),
        (letters, f"{LETTERS}, {part}, pairs and scribbles", LETTER_LICENCE, _EXTRA),
    ]


def _learned_more(
    learn: Pen,
    more: Sequence[Drawing],
    numbers: Sequence[Drawing],
    seed: int,
) -> list[_Made]:
    """Return what only the second stage learns from: more people, and what splitting leaves."""
    false = rendering.false_digits(
        learn.digits,
        [one for one in numbers if 2 <= len(one.label) <= LONGEST_NUMBER],
        seed=seed,
        of_one=OF_ONE,
        of_two=OF_TWO,
        times=NUMBER_REWRITINGS,
        taps=TAPS,
    )
    false = _without_digits(false)
    drawn = rendering.rewrite_drawings(more, seed=seed, times=MORE_REWRITINGS)
    part = "first part of the writers"
    return [
        (drawn, f"{MORE}, {part}", PEN_LICENCE, _EXTRA),
        (false, f"{NUMBERS}, {part}, halves, pieces, merged digits and taps", PEN_LICENCE, _EXTRA),
    ]


def _without_digits(false: Digits) -> Digits:
    """Leave out what was cut off a digit and looks like one: half an 8 may be a 3.

    That is what all readers take for the same digit, surely, and the first of them for a digit.
    """
    readers = [Recognizer.load(name) for name in READERS]
    read = np.stack([one.predict(false.images) for one in readers])  # (readers, n, 10)
    agreed = (read.argmax(axis=2) == read[0].argmax(axis=1)).all(axis=0)
    looks = readers[0].digit_scores(false.images) > 0.5
    sure = read.mean(axis=0).max(axis=1) > SURE
    tapped = np.arange(len(false)) >= len(false) - 2 * TAPS  # they are no digit, whoever says so
    return false.take(np.flatnonzero(tapped | ~(agreed & looks & sure)))


def of_card(card: ModelCard) -> str | None:
    """Return the name of the recipe that made a model, None where none did."""
    if BENT not in card.data.tables:
        return None
    made = card.architecture, card.config.start
    return next(
        (name for name, one in RECIPES.items() if (one.architecture, one.start) == made), None
    )


def measure(model: StoredModel, data: Path) -> ModelCard:
    """Set a model's threshold of doubt, measure it on pen drawings, and write both into its card.

    Args:
        model: trained by a recipe.
        data: folder with the three files.

    Returns:
        The card as it is now.

    Raises:
        DataError: a file is missing or damaged.
    """
    check(data)
    recognizer = Recognizer(model.tflite, model.card)
    _, choose, report = people.pen(data)
    # One writer drew 45 % of the second part; some of it are digits that were cut apart.
    deciding = [*choose.digits] * REFUSED_TIMES
    scores = recognizer.digit_scores(_images(deciding, 1))
    threshold = evaluation.threshold(scores, [one.writer for one in deciding], REFUSED)
    images = _images(report.digits, 2)
    labels = np.array([int(drawing.label) for drawing in report.digits])
    measured = evaluation.evaluate(recognizer.predict(images), labels)
    digit_scores = recognizer.digit_scores(images)
    letter_scores = recognizer.digit_scores(_images(report.letters, 3))
    card = replace(
        model.card,
        drawn=Drawn(
            accuracy=measured.accuracy,
            n=measured.n,
            interval=measured.interval,
            condition=MEASURED_AS,
            data=f"{PEN}, third part of the writers",
        ),
        rejection=RejectionThreshold(
            threshold=threshold,
            digits=float((digit_scores < threshold).mean()),
            digits_n=len(digit_scores),
            others=float((letter_scores < threshold).mean()),
            others_n=len(letter_scores),
        ),
    )
    atomic.write_json(model.folder / registry.CARD_FILE, asdict(card))
    return card


def check(data: Path) -> None:
    """Make sure that a recipe's files are there.

    Raises:
        DataError: one is missing.
    """
    for name in FILES:
        if not (data / name).is_file():
            raise DataError(
                f"{data} has no {name}, which the recipe needs: the README says where to get it."
            )


def _images(of: Sequence[Drawing], seed: int) -> np.ndarray:
    """Return what the app sees of drawings, (n, 28, 28) uint8."""
    rng = np.random.default_rng(seed)
    return np.stack(
        [to_mnist(strokes.draw(one.strokes, CONDITIONS[MEASURED_AS], rng)) for one in of]
    )
