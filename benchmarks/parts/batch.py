"""`predict` on Kaggle's test.csv against what people write today, and on tables that grow.

Each run is a whole process, from a cold start to the submission on the disk; the runs of ours and
of the baseline take turns. Its memory is the peak that it notes for itself.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.bench import DIGITS, Bench
from benchmarks.helpers.peak_memory import PRINT_PEAK
from benchmarks.results import significant
from recognizer.models.registry import StoredModel
from recognizer.system.home import PROJECT

NEEDS = (DIGITS,)
ROWS = 28_000  # of test.csv
BESIDE = ("small-six-conv", "two-block")  # measured with the default model
_BASELINE = "benchmarks/baselines/pandas_keras_predict.py"
_RUNS = 3
_TIMES = (1, 10, 100)  # test.csv so often in one table
_FEW_TIMES = (1, 3)
_CHILD = f"""
import runpy, sys
how, what, *sys.argv[1:] = sys.argv[1:]
try:
    (runpy.run_module if how == "module" else runpy.run_path)(what, run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
{PRINT_PEAK}
"""


@dataclass(frozen=True)
class Run:
    """A process that ended: wall and CPU seconds, and its peak bytes."""

    seconds: float
    cpu_seconds: float
    peak: int


def measure(bench: Bench) -> dict:
    """Return the figures of the default model and two others, and of the default on more rows."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lines = _test_rows(bench)
        table = folder / "test.csv"
        table.write_bytes(b"".join(lines))
        models = {bench.models[0].name: bench.models[0]}
        models |= {model.name: model for model in bench.models if model.name in BESIDE}
        figures = {name: _compared(bench, model, table) for name, model in models.items()}
        growth = [
            _grown(bench, folder, lines, times) for times in (_FEW_TIMES if bench.quick else _TIMES)
        ]
    return {
        "rows": len(lines) - 1,
        "runs": _runs(bench),
        "baseline": _BASELINE,
        "weights": {name: bench.weights[name] for name in models},
        "models": figures,
        "growth": {"model": bench.models[0].name, "tables": growth},
    }


def _test_rows(bench: Bench) -> list[bytes]:
    """Return header and rows of test.csv."""
    with zipfile.ZipFile(bench.data / DIGITS) as archive, archive.open("test.csv") as file:
        lines = file.readlines()
    return lines[: bench.count(ROWS) + 1]


def _runs(bench: Bench) -> int:
    return 1 if bench.quick else _RUNS


def _compared(bench: Bench, model: StoredModel, table: Path) -> dict:
    """Measure ours and the baseline on the same rows with the same network, by turns."""
    ours, theirs = [], []
    outs = table.with_name("ours.csv"), table.with_name("theirs.csv")
    for _ in range(_runs(bench)):
        theirs.append(_run(bench, "path", _BASELINE, table, model.keras, outs[1]))
        ours.append(_predict(bench, model, table, outs[0]))
    here, there = (_figures(runs) for runs in (ours, theirs))
    return {
        "ours": here,
        "baseline": there,
        "times_faster": significant(there["seconds"] / here["seconds"]),
        "share_of_its_memory": significant(here["peak_megabytes"] / there["peak_megabytes"]),
        "same_readings": _agreement(*outs),
    }


def _predict(bench: Bench, model: StoredModel, table: Path, out: Path) -> Run:
    options = ("--out", out, "--model", model.name)
    return _run(bench, "module", "recognizer", "predict", table, *options)


def _grown(bench: Bench, folder: Path, lines: list[bytes], times: int) -> dict:
    """Measure the default model on a table that holds the rows so often."""
    table = folder / "grown.csv"
    with table.open("wb") as file:
        file.write(lines[0])
        for _ in range(times):
            file.writelines(lines[1:])
    run = _predict(bench, bench.models[0], table, folder / "grown-out.csv")
    table.unlink()
    rows = times * (len(lines) - 1)
    return {
        "rows": rows,
        "seconds": significant(run.seconds, 3),
        "rows_per_second": significant(rows / run.seconds),
        "peak_megabytes": significant(run.peak / 1e6, 3),
    }


def _run(bench: Bench, *arguments: object) -> Run:
    """Run a module or a script to its end, with the models to measure as the user's own."""
    command = [sys.executable, "-c", _CHILD, *map(str, arguments)]
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "models").symlink_to(bench.models_dir.resolve())
        environment = os.environ | {"RECOGNIZER_HOME": home}
        before, started = os.times(), perf_counter()
        result = subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
        )
        seconds, after = perf_counter() - started, os.times()
    if result.returncode:
        raise RuntimeError(f"{arguments[1]} failed:\n{result.stderr[-2000:]}")
    cpu = sum(after[2:4]) - sum(before[2:4])  # of children that ended
    return Run(seconds, cpu, int(result.stdout.split()[-1]))


def _figures(runs: Sequence[Run]) -> dict:
    return {
        "seconds": significant(median(run.seconds for run in runs), 3),
        "cpu_seconds": significant(median(run.cpu_seconds for run in runs), 3),
        "peak_megabytes": significant(max(run.peak for run in runs) / 1e6, 3),
    }


def _agreement(ours: Path, theirs: Path) -> float:
    """Return the share of rows that both read the same."""
    readings = (file.read_text().split()[1:] for file in (ours, theirs))
    pairs = list(zip(*readings, strict=True))
    return round(sum(one == other for one, other in pairs) / len(pairs), 5)
