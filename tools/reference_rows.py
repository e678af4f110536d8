"""Write `reference.npz` beside each shipped model: `python -m tools.reference_rows --data FOLDER`.

Needed once after a model was trained or converted anew; `recognizer.adaptation.reference` says
what is in it. Scans are the held-out rows of the models' own split, drawings those of the second
part of the writers: both chose or measured nothing of a hand.
"""

import argparse
from pathlib import Path

import numpy as np

from recognizer.adaptation import reference
from recognizer.datasets import read_digits
from recognizer.datasets.rendering import render_drawings
from recognizer.datasets.splits import split
from recognizer.imaging.strokes import read_drawings, split_writers
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.records import Digits

TABLE, STROKES = "digit-recognizer.zip", "strokes-train.jsonl.gz"
HELD_OUT, SEED = 0.1, 1  # of every shipped model's training
MOST = 2000  # of each kind


def main(arguments: list[str] | None = None) -> None:
    """Write the files, a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help=f"with {TABLE} and {STROKES}")
    data = parser.parse_args(arguments).data
    scans = split(read_digits(data / TABLE), HELD_OUT, SEED)[1]
    drawings = render_drawings(split_writers(read_drawings(data / STROKES))[1], seed=1)
    kinds = {"scans": _some(scans), "drawings": _some(drawings)}
    for model in registry.list_models(registry.SHIPPED).available:
        reference.write(model.folder, Recognizer(model.tflite, model.card), kinds)
        print(f"{model.name}\t{(model.folder / reference.FILE).stat().st_size:,} bytes")


def _some(digits: Digits) -> Digits:
    return digits.take(np.arange(min(MOST, len(digits))))


if __name__ == "__main__":
    main()
