"""Note which rows of a table a model has learned from, for models that were made without it:

python -m tools.seen_rows train.csv models/two-block models/single-conv
python -m tools.seen_rows --among-others train.csv models/default-cnn

Divides the table as the model's card says, and checks that it comes out as it did for the card.
`python -m recognizer train` notes the rows itself.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from recognizer import datasets
from recognizer.datasets import splits
from recognizer.errors import DataError, RecognizerError
from recognizer.models import registry, seen_rows
from recognizer.models.card import ModelCard
from recognizer.records import Digits


def main(arguments: list[str] | None = None) -> int:
    """Note the rows of each model and return the exit status: 2 for what the user can fix."""
    options = parser().parse_args(arguments)
    try:
        digits = datasets.read_digits(options.table)
        for folder in options.models:
            model = registry.find_model(folder.name, folder.parent)
            learned = learned_from(digits, model.card, among_others=options.among_others)
            seen_rows.save(model.folder, learned)
            print(f"{model.name}: {len(learned):,} rows in {model.folder / registry.SEEN_FILE}")
    except RecognizerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m tools.seen_rows", description=__doc__)
    top.add_argument("table", type=Path, help="the table that the models were trained on")
    top.add_argument("models", type=Path, nargs="+", metavar="FOLDER", help="of a model")
    top.add_argument(
        "--among-others", action="store_true", help="they were trained on other rows as well"
    )
    return top


def learned_from(digits: Digits, card: ModelCard, *, among_others: bool) -> np.ndarray:
    """Return the images of a table that are not among the rows held out from a training.

    Raises:
        DataError: the model was made from another table.
    """
    learned, held_out = splits.split(digits, card.config.held_out, card.config.seed)
    same = card.data.sha256 == datasets.fingerprint(digits) or among_others
    if not same or len(held_out) != card.n:
        raise DataError(
            f"The card of {card.name} has {card.data.rows:,} rows of {card.data.name}, "
            f"{card.n:,} of them held out; this table has {len(digits):,} rows, {len(held_out):,} "
            "held out: name the table that it was trained on."
        )
    return learned.images


if __name__ == "__main__":
    sys.exit(main())
