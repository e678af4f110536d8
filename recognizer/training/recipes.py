"""The training of the shipped default model, from data to card; `train --recipe default` runs it.

It learns from scans, from pen drawings as the app's canvas shows them, and from what is no digit.
Rows and writers are divided in three: one part trains; on the second choices are made, such as the
best weights and the threshold of doubt; the third is only reported on.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
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
from recognizer.records import TrainingConfig
from recognizer.system import atomic

SCANS = "digit-recognizer.zip"
PEN = "strokes-train.jsonl.gz"
LETTERS = "letters-train.jsonl.gz"
BENT = f"{SCANS}, bent"  # a table, by which one knows a card of a model made by a recipe
PEN_LICENCE = "UNIPEN R01/V07 and UCI Pen-Based Recognition of Handwritten Digits, CC BY 4.0"
LETTER_LICENCE = "UNIPEN R01/V07, CC BY 4.0"

WARPS = 1  # of each scan
REWRITINGS = 4  # of each pen drawing
LETTER_REWRITINGS = 3
PAIRS, SCRIBBLES = 3_000, 2_000
MEASURED_AS = "random"  # the condition of drawings that choices are made and figures given on
REFUSED = 0.01  # share of the digits by a writer of the second part that may be doubted

_EXTRA = {"extra": True, "offered": False}  # of a table in the library
RECIPES = {"default": ARCHITECTURES["six-conv"].recipe}  # name -> settings


@dataclass(frozen=True)
class _Pen:
    """Drawings of one part of the writers."""

    digits: Sequence[Drawing]
    letters: Sequence[Drawing]


def tables(data: Path, config: TrainingConfig) -> tuple[str, ...]:
    """Make what the recipe learns from and keep it in the library.

    Args:
        data: folder with the three files.
        config: its seed and shares decide.

    Returns:
        The tables' ids.

    Raises:
        DataError: a file is missing or damaged.
    """
    check(data)
    seed = config.seed
    scans = datasets.read_digits(data / SCANS)
    rest, _ = splits.split(scans, config.held_out, seed)
    training, _ = splits.split(rest, config.validation, seed)
    learn, choose, _ = _pen(data)
    made = (
        (scans, SCANS, mnist.LICENCE, {}),
        (rendering.warp(training, seed=seed, times=WARPS), BENT, mnist.LICENCE, _EXTRA),
        (
            rendering.rewrite_drawings(learn.digits, seed=seed, times=REWRITINGS),
            f"{PEN}, first part of the writers",
            PEN_LICENCE,
            _EXTRA,
        ),
        (
            rendering.not_digits(
                learn.letters,
                learn.digits,
                seed=seed,
                times=LETTER_REWRITINGS,
                pairs=PAIRS,
                scribbles=SCRIBBLES,
            ),
            f"{LETTERS}, first part of the writers, pairs and scribbles",
            LETTER_LICENCE,
            _EXTRA,
        ),
        (
            rendering.render_drawings(choose.digits, seed=seed),
            f"{PEN}, second part of the writers",
            PEN_LICENCE,
            {"validation": True, "offered": False},
        ),
    )
    return tuple(library.add(digits, name, of, **role).id for digits, name, of, role in made)


def of_card(card: ModelCard) -> str | None:
    """Return the name of the recipe that made a model, None where none did."""
    if BENT not in card.data.name.split(" + "):
        return None
    suited = (name for name, one in RECIPES.items() if one.architecture == card.architecture)
    return next(suited, None)


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
    _, choose, report = _pen(data)
    # One writer drew 45 % of the second part; some of it are digits that were cut apart.
    scores = recognizer.digit_scores(_images(choose.digits, 1))
    threshold = evaluation.threshold(scores, [one.writer for one in choose.digits], REFUSED)
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
    for name in (SCANS, PEN, LETTERS):
        if not (data / name).is_file():
            raise DataError(
                f"{data} has no {name}: the recipe needs it; the README names its public source."
            )


def _pen(data: Path) -> list[_Pen]:
    """Return the drawings of the three parts of the writers."""
    digits = strokes.split_writers(strokes.read_drawings(data / PEN))
    letters = strokes.split_writers(strokes.read_drawings(data / LETTERS))
    return [_Pen(*part) for part in zip(digits, letters, strict=True)]


def _images(of: Sequence[Drawing], seed: int) -> np.ndarray:
    """Return what the app sees of drawings, (n, 28, 28) uint8."""
    rng = np.random.default_rng(seed)
    return np.stack(
        [to_mnist(strokes.draw(one.strokes, CONDITIONS[MEASURED_AS], rng)) for one in of]
    )
