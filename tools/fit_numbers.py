"""Fits the scoring networks of recognizer/numbers, which tell digits from halves and pairs.

    python -m tools.fit_numbers --data DIR [--out weights.npz] [--choose]

Lines whose text is known are enough: the candidates on the right paths are not marked anywhere. The
probability of all paths that spell the text, as a share of all paths, is raised by its gradient (a
semi-Markov conditional random field, Sarawagi & Cohen, 2004).

Fitted on the numbers of the first part of the writers, and on lines composed from single digits of
the strokes' second part of the writers, whom no network here has learned from. --choose leaves the
numbers of the second part out, and says how they are read. The third part is for benchmarks only.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from benchmarks.helpers.paper import photograph_line
from recognizer.imaging.decoding import decode_picture
from recognizer.imaging.strokes import read_drawings, split_writers
from recognizer.imaging.synthesis import rewritten
from recognizer.inference import Recognizer
from recognizer.numbers import features, scoring
from recognizer.numbers.components import component_lines
from recognizer.numbers.ink import find_page_ink
from recognizer.numbers.patterns import ANYTHING, LABELS, literal
from recognizer.numbers.pieces import Pieces, candidates, draw
from recognizer.numbers.reader import drawn_lines
from recognizer.numbers.scoring import INPUTS, Weights
from recognizer.numbers.search import NEVER, Lattice
from recognizer.numbers.synthesis import compose, draw_line

SHARES = (0.4, 0.6)  # writers hashed below the first fit, below the second choose, others report
NUMBERS, STROKES = "numbers-train.jsonl.gz", "strokes-train.jsonl.gz"
PATTERNS = (
    *["#"] * 8, *["##"] * 4, *["###"] * 4, "####", "#####", "######", "##########", "###-####",
    "##/##/##", "#/##", "##:##", "##.##", "#,###.##", "##-##-##", "#.##", "#,###", "##:#", "#.#",
)  # fmt: skip
PAPERS = ("plain", "lined", "squared", "boxed")
PHOTOS = 0.35  # share of the pictures that are photos, not drawings
COMPOSED = 1_200  # lines
TIMES = 2  # that the numbers people wrote count against a composed line
HIDDEN, DECAY, EPOCHS, BATCH, RATE = 12, 1e-2, 12, 32, 0.01

Written = tuple[str, Sequence[np.ndarray]]  # a text and its strokes


@dataclass(frozen=True, eq=False)
class Example:
    """One line: its text, and its candidates with the inputs of the scoring network."""

    text: str
    first: np.ndarray
    last: np.ndarray
    inputs: np.ndarray

    def lattice(self, scores: np.ndarray, grammar) -> Lattice:
        """Return the ways through the candidates."""
        return Lattice(self.first, self.last, scores, grammar)


def main() -> None:
    """Fit both modes and write the weights."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--out", type=Path, default=scoring.WEIGHTS)
    options.add_argument("--choose", action="store_true")
    options.add_argument("--model")
    given = options.parse_args()
    recognizer = Recognizer.load(given.model)
    parts = split_writers(read_drawings(given.data / NUMBERS, numbers=True), shares=SHARES)
    written = [[(one.label, one.strokes) for one in part] for part in parts[:2]]
    composed = list(compose_lines(given.data, COMPOSED, np.random.default_rng(11)))
    arrays = {}
    for mode in ("drawn", "photographed"):
        first, second, more = (
            list(examples(recognizer, lines, mode, np.random.default_rng(5)))
            for lines in (*written, composed)
        )
        taught = first * TIMES + more + (second * TIMES if not given.choose else [])
        weights = fit(taught)
        if given.choose:
            right = sum(read(weights, one) == one.text for one in second)
            print(f"{mode}: {right} of {len(second)} read right, of the second part", flush=True)
        arrays |= {f"{mode}_{one.name}": getattr(weights, one.name) for one in fields(weights)}
    np.savez_compressed(given.out, **{k: v.astype(np.float32) for k, v in arrays.items()})


def compose_lines(data: Path, count: int, rng: np.random.Generator) -> Iterator[Written]:
    """Yield lines of digits by writers of the strokes' second part."""
    people: dict[str, dict[str, list]] = {}
    for one in split_writers(read_drawings(data / STROKES))[1]:
        drawn = people.setdefault(one.writer, {}).setdefault(one.label, [])
        # Also as another hand might have written it: with a bar through the 7, a foot under the 1.
        drawn += [one.strokes, rewritten(one, rng)]
    many = [people[name] for name in sorted(people) if len(people[name]) >= 6]
    for _ in range(count):
        yield compose(many[rng.integers(len(many))], str(rng.choice(PATTERNS)), rng)


def examples(
    recognizer: Recognizer, lines: Sequence[Written], mode: str, rng: np.random.Generator
) -> Iterator[Example]:
    """Yield each line that is found as one line and whose text one of its paths spells."""
    for text, strokes in lines:
        found = drawn_lines(list(strokes)) if mode == "drawn" else picture_lines(strokes, rng)
        if len(found) != 1:
            continue
        example = _example(recognizer, text, found[0])
        nothing = np.zeros((len(example.first), len(LABELS)))
        if example.lattice(nothing, literal(text)).marginals()[1] > NEVER / 2:
            yield example


def _example(recognizer: Recognizer, text: str, pieces: Pieces) -> Example:
    found = candidates(pieces)
    images = draw(pieces, found)
    inputs = scoring.inputs(
        features.measure(pieces, found, images), *recognizer.predict_scored(images)
    )
    return Example(text, found.first, found.last, inputs)


def picture_lines(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> list[Pieces]:
    """Return the lines found in a picture of strokes: a drawing, or a photo of paper."""
    picture = draw_picture(strokes, rng)
    if rng.random() < PHOTOS:
        paper = PAPERS[rng.integers(len(PAPERS))]
        picture = decode_picture(photograph_line(picture, rng, ruling=paper))
    page = find_page_ink(picture)
    return [] if page is None else component_lines(page.ink)


def draw_picture(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Return strokes as a drawing with digits of 60 to 140 pixels, (h, w) uint8."""
    every = np.ptp(np.concatenate(strokes)[:, 1])
    tall = [np.ptp(stroke[:, 1]) for stroke in strokes]
    digit = np.median([one for one in tall if one > 0.4 * every] or [every])
    height = rng.uniform(60, 140)
    pen = rng.uniform(0.05, 0.16) * height
    return draw_line(strokes, height * every / max(digit, 1e-6), pen)


def fit(lines: list[Example], seed: int = 0) -> Weights:
    """Return the weights that make the lines' texts likely, by Adam (Kingma & Ba, 2015)."""
    rng = np.random.default_rng(seed)
    weights = _start(lines, rng)
    moments = {name: [0.0, 0.0] for name in ("hidden", "bias", "out", "direct")}
    step = 0
    for epoch in range(EPOCHS):
        order, rate = rng.permutation(len(lines)), RATE * (1 - epoch / EPOCHS) + 2e-4
        for start in range(0, len(order), BATCH):
            slopes = gradients(weights, [lines[i] for i in order[start : start + BATCH]])
            step += 1
            changed = {}
            for name, moment in moments.items():
                value = getattr(weights, name)
                slope = slopes[name] - DECAY * value
                moment[0] = 0.9 * moment[0] + 0.1 * slope
                moment[1] = 0.99 * moment[1] + 0.01 * slope**2
                mean, spread = moment[0] / (1 - 0.9**step), moment[1] / (1 - 0.99**step)
                changed[name] = value + rate * mean / (np.sqrt(spread) + 1e-8)
            weights = replace(weights, **changed)
    return weights


def _start(lines: list[Example], rng: np.random.Generator) -> Weights:
    inputs = np.concatenate([one.inputs for one in lines])
    return Weights(
        mean=inputs.mean(axis=0),
        scale=inputs.std(axis=0) + 0.05,
        hidden=rng.normal(0, INPUTS**-0.5, (INPUTS, HIDDEN)),
        bias=np.zeros(HIDDEN),
        out=rng.normal(0, 0.1 * HIDDEN**-0.5, (HIDDEN, len(LABELS))),
        direct=np.zeros((INPUTS + 1, len(LABELS))),
    )


def gradients(weights: Weights, lines: list[Example]) -> dict[str, np.ndarray]:
    """Return the slopes of the mean log probability of the lines' texts, by weight."""
    x = (np.concatenate([one.inputs for one in lines]) - weights.mean) / weights.scale
    active = np.tanh(x @ weights.hidden + weights.bias)
    slopes = np.concatenate([_of_scores(weights, one) for one in lines]) / len(lines)
    inner = (slopes @ weights.out.T) * (1 - active**2)
    return {
        "hidden": x.T @ inner,
        "bias": inner.sum(axis=0),
        "out": active.T @ slopes,
        "direct": np.concatenate([x.T @ slopes, slopes.sum(axis=0, keepdims=True)]),
    }


def _of_scores(weights: Weights, line: Example) -> np.ndarray:
    """Return the slope by each score: its share of the right paths less that of all paths."""
    scores = weights.scores(line.inputs)
    right, _ = line.lattice(scores, literal(line.text)).marginals()
    every, _ = line.lattice(scores, ANYTHING).marginals()
    return right - every


def read(weights: Weights, line: Example) -> str:
    """Return the text of the best path."""
    path = line.lattice(weights.scores(line.inputs), ANYTHING).best()
    return "".join(LABELS[label] for _, label in path)


if __name__ == "__main__":
    main()
