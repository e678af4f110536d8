"""Draw what teachers and students learn from, as the recipes do, but more of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from recognizer import datasets
from recognizer.datasets import rendering, splits
from recognizer.inference import Recognizer
from recognizer.records import Digits, TrainingConfig
from recognizer.training import people, recipes

SEED = 3_001  # other hands than any recipe's
AMOUNTS = replace(recipes.RECIPES["small"].amounts, bent=0, pen=10, cut=10, more=16)
NAMES = {  # of each kind, for a model's card
    "scans": recipes.SCANS,
    "pen": f"{recipes.PEN}, {recipes.LEARNED}",
    "cut": f"{recipes.NUMBERS}, {recipes.LEARNED}, their digits",
    "more": f"{recipes.MORE}, {recipes.LEARNED}",
    "letters": f"{recipes.LETTERS}, {recipes.LEARNED}, pairs and scribbles",
    "false": f"{recipes.NUMBERS}, {recipes.LEARNED}, halves, pieces, merged digits and taps",
}


def write(data: Path, out: Path) -> dict[str, int]:
    """Draw everything and write it; that takes some ten minutes.

    Args:
        data: folder with the recipe's files.
        out: a `.npz` to write: `KIND_images` and `KIND_labels` of each kind, and of the second part
            `val_KIND_images` and `val_KIND_labels`.

    Returns:
        How many pictures there are of each kind.

    Raises:
        DataError: a file is missing or damaged.
        ModelError: a model is missing of those that say whether half a digit is one itself.
    """
    recipes.check(data)
    arrays, counts = {}, {}
    for kind, digits in _learned_from(data):
        arrays |= {f"{kind}_images": digits.images, f"{kind}_labels": digits.labels}
        counts[kind] = len(digits)
    for kind, digits in second_part(data).items():
        arrays |= {f"val_{kind}_images": digits.images, f"val_{kind}_labels": digits.labels}
    np.savez(out, **arrays)
    return counts


def second_part(data: Path) -> dict[str, Digits]:
    """Return the digits that choose, by kind as in `SECOND_PART`."""
    drawn = people.choosing(data, _reader()).items()
    rendered = {kind: rendering.render_drawings(drawings, seed=SEED) for kind, drawings in drawn}
    return {"scans": divided_rows(data)[1][1], **rendered}


def divided_rows(data: Path) -> tuple[Digits, tuple[Digits, Digits, Digits]]:
    """Return all scans, and those that are trained on, that choose and that are reported on."""
    config = TrainingConfig("six-conv")
    scans = datasets.read_digits(data / recipes.SCANS)
    rest, held_out = splits.split(scans, config.held_out, config.seed)
    return scans, (*splits.split(rest, config.validation, config.seed), held_out)


def _learned_from(data: Path) -> Iterator[tuple[str, Digits]]:
    """Yield each kind's name and pictures."""
    learn, numbers = people.pen(data)[0], people.numbers(data)[0]
    yield "scans", divided_rows(data)[1][0]
    yield "pen", rendering.rewrite_drawings(learn.digits, seed=SEED, times=AMOUNTS.pen)
    cut = people.cut_digits(numbers, _reader())
    yield "cut", rendering.rewrite_drawings(cut, seed=SEED, times=AMOUNTS.cut)
    yield "more", rendering.rewrite_drawings(people.more(data)[0], seed=SEED, times=AMOUNTS.more)
    yield (
        "letters",
        rendering.not_digits(
            learn.letters,
            learn.digits,
            seed=SEED,
            times=AMOUNTS.letters,
            pairs=AMOUNTS.pairs,
            scribbles=AMOUNTS.scribbles,
        ),
    )
    yield "false", recipes.false_digits(learn, numbers, SEED, AMOUNTS)[0]


def _reader() -> Recognizer:
    """Return what reads what may be a digit of a number."""
    return Recognizer.load(recipes.READERS[0])
