"""The audit of all labels of train.csv by a cross-validation of five trainings: cost, and mistakes
found of labels that were flipped before anything was trained."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.bench import DIGITS, SEED, Bench
from benchmarks.results import significant
from recognizer.datasets import read_digits, write_digits
from recognizer.records import Digits
from recognizer.system.home import PROJECT

NEEDS = (DIGITS,)
FOLDS, FLIPPED = 5, 0.01
_NETWORK, _EPOCHS = "mlp", 6  # quick, and sure enough to judge labels
_QUICK = ("softmax", 1)


def measure(bench: Bench) -> dict:
    """Return CPU seconds of trainings and audit, and how many flipped labels it finds."""
    network, epochs = _QUICK if bench.quick else (_NETWORK, _EPOCHS)
    digits, flipped = _flipped(read_digits(bench.data / DIGITS))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        table = folder / "train.csv"
        table.write_bytes(write_digits(digits))
        settings = ("--architecture", network, "--epochs", epochs, "--no-augment")
        trained = _run(folder, "train", table, "--name", "audit", *settings, "--folds", FOLDS)
        models = [f"--model=audit-fold{fold}" for fold in range(1, FOLDS + 1)]
        audited = _run(folder, "audit", table, *models, "--out", folder / "audit.csv")
        lines = (folder / "audit.csv").read_text().splitlines()[1:]
    listed = np.array([int(line.split(",")[0]) - 1 for line in lines])
    found = np.isin(listed, flipped)
    return {
        "data": f"{DIGITS}, {FLIPPED:.0%} of the labels flipped at random, seed {SEED}",
        "rows": len(digits),
        "flipped": len(flipped),
        "network": network,
        "folds": FOLDS,
        "epochs": epochs,
        "training_cpu_seconds": significant(trained, 3),
        "audit_cpu_seconds": significant(audited),
        "listed": len(listed),
        "found_of_first_100": int(found[:100].sum()),
        "found_of_as_many_as_flipped": int(found[: len(flipped)].sum()),
        "found": int(found.sum()),
    }


def _flipped(digits: Digits) -> tuple[Digits, np.ndarray]:
    """Return the table with some labels changed to another digit, and these rows."""
    rng = np.random.default_rng(SEED)
    rows = rng.choice(len(digits), round(FLIPPED * len(digits)), replace=False)
    labels = digits.labels.copy()
    labels[rows] = (labels[rows] + rng.integers(1, 10, len(rows))) % 10
    return Digits(digits.images, labels), rows


def _run(home: Path, *arguments: object) -> float:
    """Run a command to its end, from a cold start; return the CPU seconds that it took."""
    command = [sys.executable, "-m", "recognizer", *map(str, arguments)]
    environment, before = os.environ | {"RECOGNIZER_HOME": str(home)}, os.times()
    result = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise RuntimeError(f"{arguments[0]} failed:\n{result.stderr[-2000:]}")
    return sum(os.times()[2:4]) - sum(before[2:4])  # of children that ended
