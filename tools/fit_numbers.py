"""Fits the scoring networks of recognizer/numbers, which tell digits from halves and pairs.

    python -m tools.fit_numbers --data DIR [--out weights.npz] [--choose] [--pruning]

Lines whose text is known are enough: the candidates on the right paths are not marked anywhere. The
probability of all paths that spell the text, as a share of all paths, is raised by its gradient (a
semi-Markov conditional random field, Sarawagi & Cohen, 2004).

Fitted on the numbers of the first part of the writers, and on lines composed from single digits of
the strokes' second part of the writers, whom no network here has learned from. --choose leaves the
numbers of the second part out, and says how they are read. The third part is for benchmarks only.

Beside it a network over geometry is fitted, that leaves out the candidates that need not be read
(recognizer/numbers/pruning.py).
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path

import numpy as np

from benchmarks.helpers.paper import photograph_line
from recognizer.imaging.decoding import decode_picture
from recognizer.imaging.synthesis import rewritten
from recognizer.inference import Recognizer
from recognizer.numbers import features, pruning, scoring
from recognizer.numbers.components import component_lines
from recognizer.numbers.ink import find_page_ink
from recognizer.numbers.patterns import ANYTHING, CHARACTERS, LABELS, literal
from recognizer.numbers.pieces import Pieces, candidates, draw, read_candidates
from recognizer.numbers.reader import drawn_lines
from recognizer.numbers.scoring import Weights
from recognizer.numbers.search import NEVER, Lattice
from recognizer.numbers.synthesis import compose, draw_line
from recognizer.training import people

PATTERNS = (
    *["#"] * 8, *["##"] * 4, *["###"] * 4, "####", "#####", "######", "##########", "###-####",
    "##/##/##", "#/##", "##:##", "##.##", "#,###.##", "##-##-##", "#.##", "#,###", "##:#", "#.#",
)  # fmt: skip
PAPERS = ("plain", "lined", "squared", "boxed")
PHOTOS = 0.35  # share of the pictures that are photos, not drawings
COMPOSED = 1_200  # lines
LINKED = 0.15  # share of their digits that are written in one go with the next
TIMES = 2  # that the numbers people wrote count against a composed line
HIDDEN, DECAY, EPOCHS, BATCH, RATE = 12, 1e-2, 12, 32, 0.01
PRUNING_EPOCHS = 60  # they are quick

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
    options.add_argument("--pruning", action="store_true", help="keep the scoring networks")
    options.add_argument("--model")
    given = options.parse_args()
    recognizer = Recognizer.load(given.model)
    parts = people.numbers(given.data)[:2]
    written = [[(one.label, one.strokes) for one in part] for part in parts]
    apart, linked = (
        list(compose_lines(given.data, COMPOSED, np.random.default_rng(11), linked=share))
        for share in (0.0, LINKED)
    )
    # In a picture digits that only touch look like linked ones: there both are needed.
    composed = {"drawn": [linked], "photographed": [apart, linked]}
    arrays = {}
    for mode in ("drawn", "photographed"):
        first, second, *more = (
            list(examples(recognizer, lines, mode, np.random.default_rng(5)))
            for lines in (*written, *composed[mode])
        )
        taught = [*first * TIMES, *chain(*more), *([] if given.choose else second * TIMES)]
        weights = scoring.load(mode) if given.pruning else fit(taught)
        if given.choose:
            right = sum(read(weights, one) == one.text for one in second)
            print(f"{mode}: {right} of {len(second)} read right, of the second part", flush=True)
        fitted = {mode: weights}
        if mode == "drawn":
            fitted[pruning.MODE] = fit_pruning(taught, weights)
            if given.choose:
                print(_pruned(fitted[pruning.MODE], weights, second), flush=True)
        for name, one in fitted.items():
            arrays |= {f"{name}_{part.name}": getattr(one, part.name) for part in fields(one)}
    np.savez_compressed(given.out, **{k: v.astype(np.float32) for k, v in arrays.items()})


def compose_lines(
    data: Path, count: int, rng: np.random.Generator, *, linked: float
) -> Iterator[Written]:
    """Yield lines of digits by writers of the strokes' second part; `linked` as for `compose`."""
    by_writer: dict[str, dict[str, list]] = {}
    for one in people.pen(data)[1].digits:
        drawn = by_writer.setdefault(one.writer, {}).setdefault(one.label, [])
        # Also as another hand might have written it: with a bar through the 7, a foot under the 1.
        drawn += [one.strokes, rewritten(one, rng)]
    many = [by_writer[name] for name in sorted(by_writer) if len(by_writer[name]) >= 6]
    for _ in range(count):
        pattern = str(rng.choice(PATTERNS))
        yield compose(many[rng.integers(len(many))], pattern, rng, linked=linked)


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
    readings = [recognizer.predict_scored(images)]
    if pieces.paths is not None:
        readings.append(read_candidates(pieces, found))
    geometry = features.measure_geometry(pieces, found)
    inputs = scoring.inputs(features.measure(geometry, images), *readings)
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


def fit(lines: list[Example]) -> Weights:
    """Return the weights that make the lines' texts likely."""
    inputs = [one.inputs for one in lines]
    return _fitted(inputs, len(LABELS), lambda weights, i: _of_scores(weights, lines[i]))


def fit_pruning(lines: list[Example], scorer: Weights) -> Weights:
    """Return the weights that make the lines' right paths likely by their geometry alone."""
    inputs = [_geometry(one) for one in lines]
    targets = [
        one.lattice(scorer.scores(one.inputs), literal(one.text)).marginals()[0] for one in lines
    ]

    def slope(weights: Weights, i: int) -> np.ndarray:
        every, _ = lines[i].lattice(weights.outputs(inputs[i]), CHARACTERS).marginals()
        return targets[i].sum(axis=1, keepdims=True) - every

    return _fitted(inputs, 1, slope, PRUNING_EPOCHS)


def _geometry(line: Example) -> np.ndarray:
    """Return the inputs that need no picture."""
    columns = np.delete(np.arange(features.COUNT), features.SHAPE)
    return line.inputs[:, columns]


def _pruned(weights: Weights, scorer: Weights, lines: list[Example]) -> str:
    """Return how many candidates are left, and how many right texts are lost, by the limit."""
    said = []
    for limit in (0.1, 0.03, 0.01, 0.003, 0.001):
        kept = lost = 0
        for one in lines:
            shares, _ = one.lattice(weights.outputs(_geometry(one)), CHARACTERS).marginals()
            keep = shares[:, 0] >= limit
            kept += int(keep.sum())
            less = Example(one.text, one.first[keep], one.last[keep], one.inputs[keep])
            lost += int(read(scorer, one) == one.text) - int(read(scorer, less) == one.text)
        said.append(f"{limit:g}: {kept / sum(len(one.first) for one in lines):.0%}, {lost} lost")
    return "; ".join(said)


def _fitted(
    inputs: list[np.ndarray],
    outputs: int,
    slope: Callable[[Weights, int], np.ndarray],
    epochs: int = EPOCHS,
) -> Weights:
    """Return weights fitted by Adam (Kingma & Ba, 2015).

    Args:
        inputs: of each line's candidates, arrays of shape (m, n).
        outputs: numbers that the network gives.
        slope: returns by how much each output of line i should rise, array of shape (m, outputs).
        epochs: how often each line is seen.
    """
    rng = np.random.default_rng(0)
    weights = _start(inputs, outputs, rng)
    moments = {name: [0.0, 0.0] for name in ("hidden", "bias", "out", "direct")}
    step = 0
    for epoch in range(epochs):
        order, rate = rng.permutation(len(inputs)), RATE * (1 - epoch / epochs) + 2e-4
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            slopes = np.concatenate([slope(weights, i) for i in some]) / len(some)
            by_weight = gradients(weights, np.concatenate([inputs[i] for i in some]), slopes)
            step += 1
            changed = {}
            for name, moment in moments.items():
                value = getattr(weights, name)
                rise = by_weight[name] - DECAY * value
                moment[0] = 0.9 * moment[0] + 0.1 * rise
                moment[1] = 0.99 * moment[1] + 0.01 * rise**2
                mean, spread = moment[0] / (1 - 0.9**step), moment[1] / (1 - 0.99**step)
                changed[name] = value + rate * mean / (np.sqrt(spread) + 1e-8)
            weights = replace(weights, **changed)
    return weights


def _start(inputs: list[np.ndarray], outputs: int, rng: np.random.Generator) -> Weights:
    every = np.concatenate(inputs)
    count = every.shape[1]
    return Weights(
        mean=every.mean(axis=0),
        scale=every.std(axis=0) + 0.05,
        hidden=rng.normal(0, count**-0.5, (count, HIDDEN)),
        bias=np.zeros(HIDDEN),
        out=rng.normal(0, 0.1 * HIDDEN**-0.5, (HIDDEN, outputs)),
        direct=np.zeros((count + 1, outputs)),
    )


def gradients(weights: Weights, inputs: np.ndarray, slopes: np.ndarray) -> dict[str, np.ndarray]:
    """Return the slopes by weight, from those by output, (m, outputs)."""
    x = (inputs - weights.mean) / weights.scale
    active = np.tanh(x @ weights.hidden + weights.bias)
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
