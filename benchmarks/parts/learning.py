"""How soon a training reads 99.0 % of held-out rows, and how fast its loop is, against plain `fit`.

Each training is a process of its own, one after the other, on the same rows with the same threads.
Seconds are those of training, what Keras takes to compile included, readings aside. For the speed
of the loops, where a machine's moods count for more than the difference, the two take turns on
fewer rows, and the epochs in which Keras compiles are left out. A call of `fit` has a cost of its
own, which more rows share: what counts is its better pace, on few rows or on all.
"""

import json
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.bench import DIGITS, SEED, Bench
from benchmarks.results import significant
from recognizer import datasets
from recognizer.datasets import splits
from recognizer.system.home import PROJECT

NEEDS = (DIGITS,)
GOAL = 0.99
HELD_OUT = 0.1
BASELINE_EPOCHS = 8  # enough to reach the goal; it stops there
LOOP_ROWS, LOOP_ROUNDS = 9_000, 3
_BASELINE = ["benchmarks/baselines/two_block_fit.py"]
_OURS = ["-m", "benchmarks.helpers.our_training"]


def measure(bench: Bench) -> dict:
    """Return seconds to the goal of compact and of the baseline, and images/s of both loops."""
    with tempfile.TemporaryDirectory() as scratch:
        rows = Path(scratch) / "rows.npz"
        n, held_out = _write_rows(bench, rows)
        few = Path(scratch) / "few.npz"
        _write_rows(bench, few, LOOP_ROWS)
        epochs = 1 if bench.quick else BASELINE_EPOCHS
        baseline = _follow([*_BASELINE, rows, str(epochs)], GOAL)
        compact = _follow([*_OURS, rows, "compact", "1" if bench.quick else "3"], None)
        fit, loop = _by_turns(few, 1 if bench.quick else LOOP_ROUNDS)
    before, ours = _seconds_to(GOAL, baseline), _seconds_to(GOAL, compact)
    return {
        "goal": GOAL,
        "rows": n,
        "held_out": held_out,
        "seed": SEED,
        "two_block_fit": baseline,
        "compact": compact,
        "times_sooner": significant(before / ours) if before and ours else None,
        "loops": {
            "rows": LOOP_ROWS,
            "fit_seconds": fit,
            "our_seconds": loop,
            "images_per_second_to_fit": _to_fit(baseline, n, fit, loop),
        },
    }


def _to_fit(baseline: list[dict], n: int, fit: list[float], ours: list[float]) -> float:
    """Return our images/s, over those of `fit` where it is quickest.

    Args:
        baseline: the epochs of `fit` on all rows.
        n: number of these rows.
        fit: seconds of its epochs on few rows.
        ours: likewise of our loop.
    """
    an_image = median(fit) / LOOP_ROWS
    if whole := _seconds_of_epochs(baseline):
        an_image = min(an_image, median(whole) / n)
    return significant(an_image / (median(ours) / LOOP_ROWS))


def _by_turns(rows: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Return seconds of epochs of two-block by `fit` and by our loop."""
    fit, ours = [], []
    for _ in range(rounds):
        fit += _seconds_of_epochs(_follow([*_BASELINE, rows, "3"], None))
        ours += _seconds_of_epochs(_follow([*_OURS, rows, "two-block", "3"], None))
    return fit, ours


def _write_rows(bench: Bench, file: Path, most: int | None = None) -> tuple[int, int]:
    """Write the split that every training here uses; return how many rows are in its parts."""
    digits = datasets.read_digits(bench.data / DIGITS)
    rows, held_out = splits.split(digits, HELD_OUT, SEED)
    most = 1_000 if bench.quick else most
    if most:
        rows = rows.take(np.arange(most))
    np.savez(
        file,
        images=rows.images,
        labels=rows.labels,
        held_images=held_out.images,
        held_labels=held_out.labels,
    )
    return len(rows), len(held_out)


def _follow(command: list, goal: float | None) -> list[dict]:
    """Run a training and return its epochs, up to the one that reaches the goal."""
    epochs = []
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as process:
        for line in process.stdout:
            if not line.startswith("{"):
                continue
            epoch = json.loads(line)
            epochs.append({name: round(value, 4) for name, value in epoch.items()})
            if goal and epoch["accuracy"] >= goal:
                process.terminate()
                break
    return epochs


def _seconds_of_epochs(epochs: list[dict]) -> list[float]:
    """Return the seconds of each epoch after the first, in which Keras compiles."""
    until = [epoch["seconds"] for epoch in epochs]
    return [round(end - start, 2) for start, end in pairwise(until)]


def _seconds_to(goal: float, epochs: list[dict]) -> float | None:
    return next((epoch["seconds"] for epoch in epochs if epoch["accuracy"] >= goal), None)
