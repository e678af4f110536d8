"""How well single drawings are read from their picture, from the pen's path, and from both.

On the Draw page the pen's path is known. Drawings by the third part of the writers, in *random*
places and pens, read by the default model.
"""

import numpy as np

from benchmarks.bench import LETTERS, STROKES, Bench
from benchmarks.helpers import people
from benchmarks.parts.reading import RANDOM, pictures
from recognizer import evaluation, trajectory
from recognizer.evaluation import wilson_interval
from recognizer.imaging.strokes import Drawing
from recognizer.inference import Recognizer
from recognizer.preprocessing import to_mnist

NEEDS = (STROKES, LETTERS)
_LEFT_OUT = 0.01  # share of the digits that are doubted where letters are compared

Readings = dict[str, tuple[np.ndarray, np.ndarray]]  # way -> probabilities, how like a digit


def measure(bench: Bench) -> dict:
    """Return the figures by way of reading."""
    recognizer = bench.recognizers[bench.models[0].name]
    digits, letters = (_read(recognizer, drawn) for drawn in (bench.drawings, bench.letters))
    return {
        "model": bench.models[0].name,
        "n": len(bench.drawings),
        "letters": len(bench.letters),
        "people": len({one.writer for one in bench.drawings}),
        "weights": bench.weights,
        "ways": {way: _figures(bench, digits[way], letters[way]) for way in digits},
        "only_right": _only_right(bench, digits["picture"][0], digits["both"][0]),
    }


def _read(recognizer: Recognizer, drawings: list[Drawing]) -> Readings:
    images = np.stack([to_mnist(one) for one in pictures(drawings, RANDOM)])
    picture, scores = recognizer.predict_scored(images)
    like = trajectory.excess(scores, recognizer.card.rejection.threshold)
    ways = {"picture": (picture, like)}
    for name, step in (("", 1), (", every stroke drawn backwards", -1)):
        drawn = [trajectory.sample_drawing([s[::step] for s in one.strokes]) for one in drawings]
        path, scores = trajectory.read_paths(drawn)
        path_like = trajectory.excess(scores, trajectory.path_threshold())
        ways[f"path{name}"] = path, path_like
        ways[f"both{name}"] = trajectory.join(picture, path), like + path_like
    return ways


def _only_right(bench: Bench, picture: np.ndarray, both: np.ndarray) -> dict:
    """Return how many digits only one of two ways reads right, and McNemar's p."""
    labels = np.array([int(one.label) for one in bench.drawings])
    pair = evaluation.compare(labels, picture.argmax(axis=1), both.argmax(axis=1))
    p = evaluation.mcnemar(pair.first_only, pair.second_only)
    return {"picture": pair.first_only, "both": pair.second_only, "p": round(p, 3)}


def _figures(
    bench: Bench, digits: tuple[np.ndarray, np.ndarray], letters: tuple[np.ndarray, np.ndarray]
) -> dict:
    """Return shares by drawing, with an interval, and with each person counting the same."""
    (probabilities, like), (_, letters_like) = digits, letters
    labels = np.array([int(one.label) for one in bench.drawings])
    writers, of_letters = (
        np.array([one.writer for one in drawings]) for drawings in (bench.drawings, bench.letters)
    )
    right = probabilities.argmax(axis=1) == labels
    error, perfect = people.calibration_error(probabilities, labels, writers)
    doubted = letters_like < evaluation.threshold(like, list(writers), _LEFT_OUT)
    return {
        "right": int(right.sum()),
        "share": round(float(right.mean()), 4),
        "interval": [round(end, 4) for end in wilson_interval(int(right.sum()), len(right))],
        "of_people": round(people.share_right(right, writers), 4),
        "calibration_error": round(error, 4),
        "calibration_error_if_perfect": round(perfect, 4),
        "digits_doubted": round(people.share_right(like < 0, writers), 4),
        "letters_doubted": round(people.share_right(letters_like < 0, of_letters), 4),
        "letters_at_1_percent": round(people.share_right(doubted, of_letters), 4),
    }
