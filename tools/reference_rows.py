"""Write what hands need beside each shipped model: `python -m tools.reference_rows --data DIR`.

Needed once after a model was trained or converted anew: `people.npz` and `reference.npz`;
`recognizer.adaptation.people` and `.reference` say what is in them. What is known of people is
learned from the first part of the writers; what a hand is tried on is by the second part. Scans are
held-out rows of the models' own split, others for each purpose, and none of the first thousand,
which are reported on.
"""

import argparse
from pathlib import Path

import numpy as np

from recognizer.adaptation import people, reference
from recognizer.adaptation.kernel import unit_rows
from recognizer.adaptation.people import People
from recognizer.datasets import read_digits
from recognizer.datasets.rendering import render_drawings
from recognizer.datasets.splits import split
from recognizer.imaging.strokes import CROWDS, Drawing, read_drawings, split_writers
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.models.registry import TFLITE_FILE
from recognizer.records import Digits

TABLE, STROKES = "digit-recognizer.zip", "strokes-train.jsonl.gz"
HELD_OUT, SEED = 0.1, 1  # of every shipped model's training
REPORTED, MOST = 1000, 2000  # scans that are reported on; of each kind to try a hand on
OF_ONE = 150  # drawings of one person that are learned from
CLOSE, ANY, SCANS = 300, 300, 200  # digits by others that are kept


def main(arguments: list[str] | None = None) -> None:
    """Write the files, a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help=f"with {TABLE} and {STROKES}")
    data = parser.parse_args(arguments).data
    scans = split(read_digits(data / TABLE), HELD_OUT, SEED)[1]
    first, second, _ = split_writers(read_drawings(data / STROKES))
    taught = _of_people(first)
    known = render_drawings(taught, seed=SEED)
    writers = np.array([one.writer for one in taught])
    tried = np.arange(REPORTED, REPORTED + MOST)
    kinds = {"scans": scans.take(tried), "drawings": _some(render_drawings(second, seed=SEED))}
    others = scans.take(np.arange(tried[-1] + 1, tried[-1] + 1 + SCANS))
    for model in registry.list_models(registry.SHIPPED).available:
        recognizer = Recognizer(model.tflite, model.card)
        if recognizer.feature_count is not None:
            usual = float(np.median(_leads(recognizer, kinds["scans"])))
            found = _learned(recognizer, known, writers, others, usual)
            people.write(model.folder, model.card.sha256[TFLITE_FILE], found)
        reference.write(model.folder, recognizer, kinds)
        for file in (people.FILE, reference.FILE):
            if (path := model.folder / file).is_file():
                print(f"{model.name}\t{file}\t{path.stat().st_size:,} bytes")


def _of_people(drawings: list[Drawing]) -> list[Drawing]:
    """Return some of each person's drawings; a source of many under one name tells of none."""
    rng, found = np.random.default_rng(SEED), []
    alone = [one for one in drawings if one.source not in CROWDS]
    for writer in sorted({one.writer for one in alone}):
        own = [one for one in alone if one.writer == writer]
        found += [own[row] for row in rng.permutation(len(own))[:OF_ONE]]
    return found


def _learned(
    recognizer: Recognizer, drawn: Digits, writers: np.ndarray, scans: Digits, margin: float
) -> People:
    """Return what a model's features tell of how people write."""
    features = unit_rows(recognizer.features(drawn.images))
    directions, offset = people.learn(features, drawn.labels, writers)
    rows = _kept(_leads(recognizer, drawn))
    kept = np.concatenate([features[rows], unit_rows(recognizer.features(scans.images))])
    labels = np.concatenate([drawn.labels[rows], scans.labels])
    return People(directions, offset, unit_rows(kept @ directions - offset), labels, margin)


def _leads(recognizer: Recognizer, digits: Digits) -> np.ndarray:
    """Return by how many nats the right digit leads the best other one, (n,)."""
    logits, right = recognizer.log_probabilities(digits.images), digits.labels[:, None].astype(int)
    leading = np.take_along_axis(logits, right, axis=1)[:, 0]
    np.put_along_axis(logits, right, -np.inf, axis=1)
    return leading - logits.max(axis=1)


def _kept(leads: np.ndarray) -> np.ndarray:
    """Return rows to keep: those that are read worst, and some of the others."""
    order = np.argsort(leads)
    rest = np.random.default_rng(SEED).permutation(order[CLOSE:])
    return np.concatenate([order[:CLOSE], rest[:ANY]])


def _some(digits: Digits) -> Digits:
    return digits.take(np.arange(min(MOST, len(digits))))


if __name__ == "__main__":
    main()
