"""Share of whole numbers read right, drawn and photographed, by people whom nothing was chosen on.

The numbers are those of the third part of the writers, on whom neither the path's network nor the
scoring of candidates was fitted; the default model has seen whole numbers of half of them, as no
digit (docs/numbers.md). Single drawings are of the third part of the strokes' writers.
"""

from collections.abc import Callable, Sequence
from time import process_time

import numpy as np

from benchmarks.bench import NUMBERS, SEED, STROKES, Bench
from benchmarks.helpers.paper import photograph_line
from benchmarks.parts.forms import measure_forms
from benchmarks.results import median_and_p95
from recognizer.errors import DataError
from recognizer.evaluation import wilson_interval
from recognizer.imaging.decoding import decode_picture
from recognizer.imaging.strokes import Drawing
from recognizer.inference import Recognizer
from recognizer.numbers import Page, holds_several, read_numbers
from recognizer.numbers.synthesis import compose
from recognizer.training import people
from tools.fit_numbers import PAPERS, draw_picture

NEEDS = (NUMBERS, STROKES)
_PHOTOS = 120  # numbers that are also photographed: a photo takes a second to make
_LINES = 40  # of ten digits, for the time

Reader = Callable[[Drawing], Page]


def measure(bench: Bench) -> dict:
    """Return shares with intervals, and the time of a line, for the default model."""
    recognizer = bench.recognizers[bench.models[0].name]
    numbers = reported(bench)
    plain = [one for one in numbers if one.label.isdigit()]
    marked = [one for one in numbers if not one.label.isdigit()]
    rng = np.random.default_rng(SEED)

    def drawn(one: Drawing) -> Page:
        return read_numbers(recognizer, None, one.strokes)

    def picture(one: Drawing) -> Page:
        return read_numbers(recognizer, draw_picture(one.strokes, rng))

    def photo(one: Drawing) -> Page:
        paper = PAPERS[rng.integers(len(PAPERS))]
        taken = photograph_line(draw_picture(one.strokes, rng), rng, ruling=paper)
        return read_numbers(recognizer, decode_picture(taken))

    few = numbers[:: max(1, len(numbers) // bench.count(_PHOTOS))]
    return {
        "people": len({one.writer for one in numbers}),
        "data": f"{NUMBERS}, the third part of split_writers with shares {people.NUMBER_SHARES}",
        "weights": bench.weights,
        "drawn": {
            "digits only": _right(plain, drawn, _digits),
            "with separators, digits": _right(marked, drawn, _digits),
            "with separators, all of it": _right(marked, drawn, str),
        },
        "picture": {
            "digits only": _right(plain, picture, _digits),
            "with separators, digits": _right(marked, picture, _digits),
            "with separators, all of it": _right(marked, picture, str),
        },
        "photo": {"digits": _right(few, photo, _digits)},
        "single_taken_for_several": _taken(bench, recognizer),
        "forms": measure_forms(bench, recognizer),
        "ten_digits_ms": _milliseconds(bench, recognizer),
    }


def reported(bench: Bench) -> list[Drawing]:
    """Return the numbers of the third part of the writers."""
    found = people.numbers(bench.data)[2]
    if not found:
        raise DataError(f"{NUMBERS} has no number by a writer who is only reported on.")
    return found[:: max(1, len(found) // 20)] if bench.quick else found


def _right(numbers: list[Drawing], reader: Reader, of: Callable[[str], str]) -> dict:
    right = sum(of(reader(one).text) == of(one.label) for one in numbers)
    return _share(right, len(numbers))


def _share(right: int, n: int) -> dict:
    low, high = wilson_interval(right, n) if n else (0.0, 1.0)
    share = round(right / n, 4) if n else 0.0
    return {"right": right, "n": n, "share": share, "interval": [round(low, 4), round(high, 4)]}


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _taken(bench: Bench, recognizer: Recognizer) -> dict:
    """Return how many single drawings are taken for several digits on the canvas."""
    taken = sum(holds_several(read_numbers(recognizer, None, _on_canvas(one.strokes)))
                for one in bench.drawings)  # fmt: skip
    return _share(taken, len(bench.drawings))


def _on_canvas(strokes: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [stroke * 0.2 for stroke in strokes]  # 1000 units are 200 pixels


def _milliseconds(bench: Bench, recognizer: Recognizer) -> dict:
    """Return the time from the strokes of a line of ten digits to its text."""
    rng = np.random.default_rng(SEED)
    digits: dict[str, list] = {}
    for one in bench.drawings:
        digits.setdefault(one.label, []).append(one.strokes)
    times = []
    for number in range(bench.count(_LINES) + 1):
        _, strokes = compose(digits, "##########", rng)
        started = process_time()
        read_numbers(recognizer, None, strokes)
        if number:  # the first one warms up
            times.append(1000 * (process_time() - started))
    return median_and_p95(times)
