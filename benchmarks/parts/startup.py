"""Seconds and memory from the start of a process to its first reading.

The process does what `python -m recognizer read` does.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import cv2

from benchmarks.bench import Bench
from benchmarks.helpers.peak_memory import PRINT_PEAK
from benchmarks.helpers.shapes import SHAPES
from benchmarks.results import median_and_p95, significant
from recognizer.imaging.strokes import render
from recognizer.system.home import PROJECT

NEEDS = ()
_STARTS = 10
_CHILD = f"""
import sys
from pathlib import Path
from recognizer.inference import Recognizer
from recognizer.imaging.decoding import decode_picture
name, models, picture = sys.argv[1:]
reading = Recognizer.load(name, models).read(decode_picture(Path(picture).read_bytes()))
print(reading.digit, flush=True)
{PRINT_PEAK}
print(any(name.split(".")[0] in ("tensorflow", "keras") for name in sys.modules))
"""


def measure(bench: Bench) -> dict:
    """Return seconds and megabytes of the default model's first reading, of fresh processes."""
    with tempfile.TemporaryDirectory() as scratch:
        picture = Path(scratch) / "digit.png"
        cv2.imwrite(str(picture), render(SHAPES["7"]))
        command = [sys.executable, "-c", _CHILD, bench.models[0].name, bench.models_dir, picture]
        runs = [_start(command) for _ in range(bench.count(_STARTS) + 1)][1:]  # the first: cold
    seconds, memory, keras = zip(*runs, strict=True)
    return {
        "model": bench.models[0].name,
        "seconds": median_and_p95(list(seconds)),
        "peak_megabytes": significant(max(memory) / 1e6),
        "imports_tensorflow_or_keras": any(keras),
    }


def _start(command: list) -> tuple[float, int, bool]:
    """Return the seconds to the line with the reading, peak bytes, and whether Keras came along."""
    started = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as process:
        process.stdout.readline()
        seconds = perf_counter() - started
        memory, keras = process.stdout.read().split()
    return seconds, int(memory), keras == "True"
