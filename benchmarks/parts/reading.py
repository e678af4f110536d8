"""Share of held-out drawings that is read right, on every kind of canvas and on photographed paper.

Each drawing is by a person whom no network here has seen. Beside the way that the app goes, the
canvas is also just resized to 28x28, as demos do: the difference is what preprocessing buys.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from benchmarks.bench import LETTERS, SEED, STROKES, Bench
from benchmarks.helpers import people
from benchmarks.helpers.paper import photograph
from recognizer import evaluation
from recognizer.evaluation import calibration_error, wilson_interval
from recognizer.imaging import strokes
from recognizer.imaging.decoding import decode_picture
from recognizer.imaging.strokes import CONDITIONS, Drawing
from recognizer.inference import Recognizer
from recognizer.preprocessing import to_mnist
from recognizer.records import IMAGE_SIZE, WHITE

NEEDS = (STROKES, LETTERS)
PAPER = "photographed paper"
PLAIN = "plain resize"
PLAIN_CONDITIONS = ("centred", "random", "corner")
RANDOM = "random"  # the condition of all models' drawings, of calibration and of doubt


def measure(bench: Bench) -> dict:
    """Return shares with intervals: conditions -> ways of reading -> score."""
    labels = np.array([int(drawing.label) for drawing in bench.drawings])
    default = bench.models[0].name
    scores, errors, doubt, by_people = {}, {}, {}, {}
    for condition in (*CONDITIONS, PAPER):
        images = [to_mnist(one) for one in pictures(bench.drawings, condition)]
        names = bench.recognizers if condition == RANDOM else bench.compared
        recognizers = {name: bench.recognizers[name] for name in names}
        scores[condition] = {n: score(one, images, labels) for n, one in recognizers.items()}
        if condition in PLAIN_CONDITIONS:
            plain = [plain_resize(one) for one in pictures(bench.drawings, condition)]
            scores[condition][f"{default}, {PLAIN}"] = score(recognizers[default], plain, labels)
        if condition == RANDOM:
            by_people = {
                n: _of_people(one, images, bench.drawings) for n, one in recognizers.items()
            }
            errors = {n: _error(one, images, labels) for n, one in recognizers.items()}
            letters = [to_mnist(one) for one in pictures(bench.letters, condition)]
            whose = (bench.drawings, images), (bench.letters, letters)
            doubt = {n: _doubt(one, *whose) for n, one in recognizers.items()}
    return {
        "n": len(labels),
        "people": len({drawing.writer for drawing in bench.drawings}),
        "data": f"{STROKES}, the third part of recognizer.imaging.strokes.split_writers",
        "seed": SEED,
        "weights": bench.weights,
        "conditions": scores,
        "of_people_random": by_people,
        "unreadable": people.UNREADABLE,
        "calibration_error_random": errors,
        "letters": len(bench.letters),
        "doubt_random": {name: rates for name, rates in doubt.items() if rates},
    }


def score(recognizer: Recognizer, images: list[np.ndarray | None], labels: np.ndarray) -> dict:
    """Return how many images are read right; one that was taken for blank is not.

    Args:
        recognizer: the model.
        images: arrays of shape (28, 28), uint8; None where nothing was found.
        labels: array of shape (n,), 0 to 9.
    """
    shown = np.array([image is not None for image in images])
    right = int((_predict(recognizer, images).argmax(axis=1) == labels[shown]).sum())
    low, high = wilson_interval(right, len(labels))
    return {
        "right": right,
        "share": round(right / len(labels), 4),
        "interval": [round(low, 4), round(high, 4)],
    }


def plain_resize(canvas: np.ndarray) -> np.ndarray:
    """Return a (280, 280) canvas, black on white, as (28, 28), white on black, and no more."""
    size = (IMAGE_SIZE, IMAGE_SIZE)
    return WHITE - cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)


def pictures(of: list[Drawing], condition: str) -> Iterator[np.ndarray]:
    """Yield each drawing as a picture; a condition's pictures are the same in every run."""
    rng = np.random.default_rng([SEED, *condition.encode()])
    for drawing in of:
        if condition == PAPER:
            yield decode_picture(photograph(drawing.strokes, rng))
        else:
            yield strokes.draw(drawing.strokes, CONDITIONS[condition], rng)


def _predict(recognizer: Recognizer, images: list[np.ndarray | None]) -> np.ndarray:
    """Return the probabilities, (m, 10), of the m images that are not blank."""
    shown = [image for image in images if image is not None]
    return recognizer.predict(np.array(shown, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE))


def _of_people(
    recognizer: Recognizer, images: list[np.ndarray | None], drawings: list[Drawing]
) -> dict:
    """Return figures in which each person counts the same, and what is right of the readable."""
    shown = np.array([image is not None for image in images])
    labels = np.array([int(one.label) for one in drawings])
    writers = np.array([one.writer for one in drawings])
    readable = np.array([people.content(one) not in people.UNREADABLE for one in drawings])
    probabilities = _predict(recognizer, images)  # (m, 10)
    right = np.zeros(len(drawings), bool)
    right[shown] = probabilities.argmax(axis=1) == labels[shown]
    error, perfect = people.calibration_error(probabilities, labels[shown], writers[shown])
    return {
        "share": round(people.share_right(right, writers), 4),
        "share_of_readable": round(people.share_right(right[readable], writers[readable]), 4),
        "right_of_readable": round(float(right[readable].mean()), 4),
        "calibration_error": round(error, 4),
        "calibration_error_if_perfect": round(perfect, 4),
    }


_Drawn = tuple[list[Drawing], list[np.ndarray | None]]  # drawings, and what the app sees of them


def _doubt(recognizer: Recognizer, digits: _Drawn, letters: _Drawn) -> dict:
    """Return the shares of digits and of letters that are doubted; nothing where it never doubts.

    With the card's threshold, and with that at which 1 % of these very digits are doubted: each
    drawing counting the same, and each person.
    """
    if recognizer.card.rejection is None:
        return {}
    (of_digits, digits_by), (of_letters, letters_by) = (
        _scores(recognizer, *drawn) for drawn in (digits, letters)
    )
    threshold = recognizer.card.rejection.threshold
    doubted = of_letters < np.quantile(of_digits, 0.01)
    interval = wilson_interval(int(doubted.sum()), len(doubted))
    by_people = of_letters < evaluation.threshold(of_digits, list(digits_by), 0.01)
    return {
        "digits": round(float((of_digits < threshold).mean()), 4),
        "letters": round(float((of_letters < threshold).mean()), 4),
        "letters_at_1_percent": round(float(doubted.mean()), 4),
        "letters_at_1_percent_interval": [round(end, 4) for end in interval],
        "of_people": {
            "digits": round(people.share_right(of_digits < threshold, digits_by), 4),
            "letters": round(people.share_right(of_letters < threshold, letters_by), 4),
            "letters_at_1_percent": round(people.share_right(by_people, letters_by), 4),
        },
    }


def _scores(
    recognizer: Recognizer, drawings: list[Drawing], images: list[np.ndarray | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Return how much each of the m images that are not blank looks like a digit, and whose it is.

    Returns:
        Arrays of shape (m,): the scores, and the writers.
    """
    shown = [(one, image) for one, image in zip(drawings, images, strict=True) if image is not None]
    scores = recognizer.digit_scores(np.array([image for _, image in shown]))
    return scores, np.array([one.writer for one, _ in shown])


def _error(recognizer: Recognizer, images: list[np.ndarray | None], labels: np.ndarray) -> float:
    shown = np.array([image is not None for image in images])
    return round(calibration_error(_predict(recognizer, images), labels[shown]), 4)
