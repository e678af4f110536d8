"""What ten drawings by a person change in how their others are read: see docs/handwriting.md.

People of the third part of the writers, whom nothing here was trained or chosen on. Of each with
enough drawings, one of each digit is drawn by lot and learned from, some times over, and the rest
measures. What that costs others is measured with the hand on: on the other people's drawings, and
on scans that the models have not learned from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from time import thread_time

import numpy as np

from benchmarks.bench import DIGITS, SEED, STROKES, Bench
from benchmarks.parts.reading import RANDOM, pictures
from recognizer import datasets
from recognizer.adaptation import adapt
from recognizer.adaptation.adapted import observe
from recognizer.adaptation.kernel import Centres, Observed
from recognizer.datasets import splits
from recognizer.inference import Recognizer
from recognizer.preprocessing import to_mnist
from recognizer.records import LABELS, Digits

NEEDS = (STROKES, DIGITS)
FEWEST = 16  # drawings of a person, of at least `KINDS` digits
KINDS = 8
TIMES = 10  # draws of the ten that are learned from, of each person
CORRECTED = 10  # misread drawings that are corrected as they come
MANY_MISTAKES = 3  # from which on a person can be said to be read worse afterwards
SCANS = 1_000
LARGE = 100  # drawings of a hand whose speed is measured
NETWORKS = ("two-block", "compact")  # beside the default: they have never seen a pen drawing


@dataclass(frozen=True, eq=False)
class Seen:
    """What a network makes of digits.

    Attributes:
        observed: its logits and features.
        labels: the true digits, (n,).
        writers: who wrote them, (n,); "" of scans.
    """

    observed: Observed
    labels: np.ndarray
    writers: np.ndarray

    def take(self, rows: np.ndarray) -> "Seen":
        """Return some of them."""
        return Seen(self.observed.take(rows), self.labels[rows], self.writers[rows])

    def wrong(self, centres: Centres | None = None) -> np.ndarray:
        """Return which are read wrong, with a person's drawings or without, (n,) bool."""
        logits = self.observed.logits
        if centres is not None and len(centres):
            logits = logits + centres.correction(self.observed)
        return logits.argmax(axis=1) != self.labels

    def centres(self) -> Centres:
        """Return them as a person's drawings."""
        return Centres.of(self.observed, self.labels)


def measure(bench: Bench) -> dict:
    """Return mistakes without and with a person's drawings, by network."""
    images = [to_mnist(one) for one in pictures(bench.drawings, RANDOM)]
    shown = [row for row, image in enumerate(images) if image is not None]
    labels = np.array([int(bench.drawings[row].label) for row in shown])
    writers = np.array([bench.drawings[row].writer for row in shown])
    drawn = np.stack([images[row] for row in shown])
    scans = _scans(bench)
    default = bench.models[0].name
    names = [name for name in dict.fromkeys((default, *NETWORKS)) if name in bench.recognizers]
    networks = {}
    for name in names:
        recognizer = bench.recognizers[name]
        people = Seen(observe(recognizer, drawn), labels, writers)
        others = Seen(observe(recognizer, scans.images), scans.labels, np.full(len(scans), ""))
        networks[name] = {
            **_learned(people, others, bench.count(TIMES)),
            "corrected": _corrected(people),
            "more_ms": _cost(recognizer, drawn, labels, bench.count(200)),
        }
    return {
        "people": len({one for one, *_ in _people(people, 1)}),
        "times": bench.count(TIMES),
        "n": len(labels),
        "scans": len(scans),
        "weights": {name: bench.weights[name] for name in names},
        "networks": networks,
    }


def _scans(bench: Bench) -> Digits:
    held_out = splits.split(datasets.read_digits(bench.data / DIGITS), 0.1, SEED)[1]
    return held_out.take(np.arange(min(len(held_out), bench.count(SCANS))))


def _people(seen: Seen, times: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield writer, the rows of their drawings to learn from, and those of their others."""
    for writer in np.unique(seen.writers):
        rng = np.random.default_rng([SEED, *writer.encode()])
        own = np.flatnonzero(seen.writers == writer)
        kinds = [own[seen.labels[own] == digit] for digit in LABELS]
        if len(own) < FEWEST or sum(len(kind) > 0 for kind in kinds) < KINDS:
            continue
        for _ in range(times):
            learned = np.array([rng.choice(kind) for kind in kinds if len(kind)])
            yield writer, learned, np.setdiff1d(own, learned)


def _learned(people: Seen, scans: Seen, times: int) -> dict:
    """Return mistakes on a person's other drawings, and what it costs others."""
    before = after = worse = could = 0
    strangers, lost_scans = [], []
    scans_wrong = scans.wrong().mean()
    for writer, learned, rest in _people(people, times):
        centres = people.take(learned).centres()
        mine = people.take(rest)
        wrong = int(mine.wrong().sum()), int(mine.wrong(centres).sum())
        before, after = before + wrong[0], after + wrong[1]
        if wrong[0] >= MANY_MISTAKES:
            could += 1
            worse += wrong[1] > wrong[0]
        others = people.take(np.flatnonzero(people.writers != writer))
        strangers.append(others.wrong(centres).mean() - others.wrong().mean())
        lost_scans.append(scans.wrong(centres).mean() - scans_wrong)
    return {
        "mistakes": [before, after],
        "fewer": _fewer(before, after),
        "worse": [worse, could],
        "strangers_lost": round(100 * float(np.mean(strangers)), 3),
        "scans_lost": round(100 * float(np.mean(lost_scans)), 3),
    }


def _corrected(people: Seen) -> dict:
    """Return mistakes on all drawings, one after the other, the first misread ones corrected."""
    before = after = 0
    for writer in np.unique(people.writers):
        own = np.flatnonzero(people.writers == writer)
        kept: list[int] = []
        for row in own:
            one = people.take(np.array([row]))
            centres = people.take(np.array(kept, dtype=int)).centres()
            before += int(one.wrong()[0])
            misread = bool(one.wrong(centres)[0])
            after += int(misread)
            if misread and len(kept) < CORRECTED:
                kept.append(row)
    return {"mistakes": [before, after], "fewer": _fewer(before, after)}


def _fewer(before: int, after: int) -> float | None:
    return round(1 - after / before, 3) if before else None


def _cost(recognizer: Recognizer, images: np.ndarray, labels: np.ndarray, rounds: int) -> float:
    """Return how many milliseconds of CPU time a reading takes more with a large hand: by turns."""
    few = min(LARGE, len(images))
    mine = adapt(recognizer, images[:few], labels[:few])
    seconds: dict[object, list[float]] = {recognizer: [], mine: []}
    for number in range(rounds):
        for one, taken in seconds.items():
            began = thread_time()
            one.read_mnist(images[number % len(images)])
            taken.append(thread_time() - began)
    plain, adapted = (float(np.median(taken)) for taken in seconds.values())
    return round(1000 * (adapted - plain), 3)
