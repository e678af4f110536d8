"""The training of the shipped default model, from data to card; `train --recipe default` runs it.

It has two stages: `first-stage`, and `default`, which goes on from that network with more kinds of
what is no digit, more people, and teachers. `small` makes a quick one, such as `small-six-conv`,
which begins anew and learns from these two and others, and more of everything.

It learns from scans, from pen drawings as the app's canvas shows them, and from what is no digit.
Rows and writers are divided in three: one part trains; on the second choices are made, such as the
best weights and the threshold of doubt; the third is only reported on.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from recognizer import datasets, evaluation
from recognizer.architectures import ARCHITECTURES
from recognizer.datasets import library, mnist, rendering, splits
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
LEARNED = "first part of the writers"

LONGEST_NUMBER = 4  # characters: the digits of a longer one become specks
SURE = 0.9  # mean probability from which what was cut off a digit is one itself
MEASURED_AS = "random"  # the condition of the drawings for choices and for figures
# Share of the digits by a writer of the second part that may be doubted: 0.01 would doubt one
# letter in a hundred more, and twice as many drawings.
REFUSED = 0.0075
REFUSED_TIMES = 3  # renderings of each drawing that decides on the threshold


@dataclass(frozen=True)
class Amounts:
    """How much a training learns from: times each thing is drawn anew, or how many are made.

    Attributes:
        bent: of each scan.
        pen, letters, more, numbers: of each drawing in that file.
        cut: of each digit that is cut out of a number.
        pairs, scribbles: made.
        of_one, of_two, taps: made of each kind, as `rendering.false_digits` has it.

    Without `more` there is nothing of `numbers`, `of_one`, `of_two` and `taps` either.
    """

    bent: int
    pen: int
    letters: int
    pairs: int
    scribbles: int
    more: int = 0
    numbers: int = 0
    cut: int = 0
    of_one: int = 0
    of_two: int = 0
    taps: int = 0


@dataclass(frozen=True)
class Recipe:
    """One training.

    Attributes:
        settings: of the training, where the command line says nothing else.
        amounts: of what it learns from.
        seed: added to that of the settings, so that each recipe has its own bends and hands.
    """

    settings: TrainingConfig
    amounts: Amounts
    seed: int


_EXTRA = {"extra": True, "offered": False}  # of a table in the library
_FIRST = ARCHITECTURES["six-conv"].recipe
START = "six-conv-first-stage"  # the model that the first stage publishes
TEACHERS = (START, "two-block", "compact", "conv-pool")  # trained on the same part of the rows
READERS = TEACHERS  # whether a half is a digit after all
_FEW = Amounts(bent=1, pen=4, letters=3, pairs=3_000, scribbles=2_000)
_MORE = replace(_FEW, more=5, numbers=3, of_one=2_000, of_two=1_750, taps=600)
_MOST = Amounts(
    bent=3,
    pen=8,
    letters=5,
    pairs=6_000,
    scribbles=4_000,
    more=10,
    numbers=5,
    cut=8,
    of_one=4_000,
    of_two=3_500,
    taps=1_200,
)
_SECOND = replace(
    _FIRST, epochs=6, learning_rate=2e-3, averaging=0.998, start=START, teachers=TEACHERS
)
_SMALL = replace(ARCHITECTURES["small-six-conv"].recipe, teachers=("six-conv", *TEACHERS))
FIRST, DEFAULT = "first-stage", "default"
RECIPES = {
    FIRST: Recipe(_FIRST, _FEW, seed=0),
    DEFAULT: Recipe(_SECOND, _MORE, seed=1_000),
    "small": Recipe(_SMALL, _MOST, seed=2_000),
}


_Made = tuple[Digits, str, str, dict[str, bool]]  # digits, name, licence, role in the library


def first_stage(config: TrainingConfig) -> TrainingConfig:
    """Return the settings of the training that publishes the model which `config` names."""
    names = ("seed", "split_seed", "held_out", "validation")
    return replace(_FIRST, **{name: getattr(config, name) for name in names})


def has_start(config: TrainingConfig) -> bool:
    """Whether the first stage's model is published, where `config` names it."""
    there = (model.name for model in registry.list_models().available)
    return START not in (config.start, *config.teachers) or START in there


def tables(data: Path, config: TrainingConfig) -> tuple[str, ...]:
    """Make what a stage of the recipe learns from and keep it in the library.

    Args:
        data: folder with the recipe's files.
        config: of one of the recipes; its seed and shares decide.

    Returns:
        The tables' ids.

    Raises:
        DataError: a file is missing or damaged.
    """
    check(data)
    scans = datasets.read_digits(data / SCANS)
    rest, _ = splits.split(scans, config.held_out, config.seed_of_split)
    training, _ = splits.split(rest, config.validation, config.seed_of_split)
    recipe = RECIPES[_name(config)]
    seed, amounts = config.seed + recipe.seed, recipe.amounts
    learn, choose, _ = people.pen(data)
    made = [(scans, SCANS, mnist.LICENCE, {}), *_scans_and_pen(training, learn, seed, amounts)]
    deciding = list(choose.digits)
    if amounts.more:
        more, numbers = people.more(data), people.numbers(data)
        made.append(_drawn(more[0], MORE, seed, amounts.more))
        made.append(false_digits(learn, numbers[0], seed, amounts))
        deciding += more[1]
    if amounts.cut:
        reader = Recognizer.load(READERS[0])
        cut = people.cut_digits(numbers[0], reader)
        made.append(_drawn(cut, NUMBERS, seed, amounts.cut, ", their digits"))
        deciding += people.cut_digits(numbers[1], reader)
    chosen = rendering.render_drawings(deciding, seed=seed)
    validating = {"validation": True, "offered": False}
    made.append((chosen, f"{PEN}, second part of the writers", PEN_LICENCE, validating))
    return tuple(library.add(digits, name, of, **role).id for digits, name, of, role in made)


def _scans_and_pen(training: Digits, learn: Pen, seed: int, amounts: Amounts) -> list[_Made]:
    """Return what every recipe learns from beside the scans, each its own bends and hands."""
    letters = rendering.not_digits(
        learn.letters,
        learn.digits,
        seed=seed,
        times=amounts.letters,
        pairs=amounts.pairs,
        scribbles=amounts.scribbles,
    )
    bent = rendering.warp(training, seed=seed, times=amounts.bent)
    return [
        (bent, BENT, mnist.LICENCE, _EXTRA),
        _drawn(learn.digits, PEN, seed, amounts.pen),
        (letters, f"{LETTERS}, {LEARNED}, pairs and scribbles", LETTER_LICENCE, _EXTRA),
    ]


def _drawn(digits: Sequence[Drawing], file: str, seed: int, times: int, which: str = "") -> _Made:
    """Return people's digits, each drawn some times as other hands might."""
    drawn = rendering.rewrite_drawings(digits, seed=seed, times=times)
    return drawn, f"{file}, {LEARNED}{which}", PEN_LICENCE, _EXTRA


def false_digits(learn: Pen, numbers: Sequence[Drawing], seed: int, amounts: Amounts) -> _Made:
    """Return what splitting a number leaves, short numbers as a whole, and taps."""
    false = rendering.false_digits(
        learn.digits,
        [one for one in numbers if 2 <= len(one.label) <= LONGEST_NUMBER],
        seed=seed,
        of_one=amounts.of_one,
        of_two=amounts.of_two,
        times=amounts.numbers,
        taps=amounts.taps,
    )
    name = f"{NUMBERS}, {LEARNED}, halves, pieces, merged digits and taps"
    return _without_digits(false, tapped=2 * amounts.taps), name, PEN_LICENCE, _EXTRA


def _without_digits(false: Digits, *, tapped: int) -> Digits:
    """Leave out what was cut off a digit and looks like one: half an 8 may be a 3.

    That is what all readers take for the same digit, surely, and the first of them for a digit.
    """
    readers = [Recognizer.load(name) for name in READERS]
    read = np.stack([one.predict(false.images) for one in readers])  # (readers, n, 10)
    agreed = (read.argmax(axis=2) == read[0].argmax(axis=1)).all(axis=0)
    looks = readers[0].digit_scores(false.images) > 0.5
    sure = read.mean(axis=0).max(axis=1) > SURE
    taps = np.arange(len(false)) >= len(false) - tapped  # they are no digit, whoever says so
    return false.take(np.flatnonzero(taps | ~(agreed & looks & sure)))


def of_card(card: ModelCard) -> str | None:
    """Return the name of the recipe that made a model, None where none did."""
    return _name(card.config) if BENT in card.data.tables else None


def _name(config: TrainingConfig) -> str | None:
    """Return the name of the recipe that a training follows, None where it is none's."""
    made = ((of.settings.architecture, of.settings.start) for of in RECIPES.values())
    return dict(zip(made, RECIPES, strict=True)).get((config.architecture, config.start))


def measure(model: StoredModel, data: Path) -> ModelCard:
    """Set a model's threshold of doubt, measure it on pen drawings, and write both into its card.

    Args:
        model: with an output for what is no digit.
        data: folder with the recipe's files.

    Returns:
        The card as it is now.

    Raises:
        DataError: a file is missing or damaged.
    """
    check(data)
    recognizer = Recognizer(model.tflite, model.card)
    report = people.pen(data)[2]
    deciding = [*chain(*people.choosing(data, recognizer).values())] * REFUSED_TIMES
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
    people.check(data, FILES)


def _images(of: Sequence[Drawing], seed: int) -> np.ndarray:
    """Return what the app sees of drawings, (n, 28, 28) uint8."""
    rng = np.random.default_rng(seed)
    return np.stack(
        [to_mnist(strokes.draw(one.strokes, CONDITIONS[MEASURED_AS], rng)) for one in of]
    )
