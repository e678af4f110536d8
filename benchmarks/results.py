"""`benchmarks/results.json`: figures, rounded to what repeats, and what they were measured on."""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from recognizer.errors import DataError

FILE = Path(__file__).parent / "results.json"
_LIBRARIES = (
    "ai-edge-litert", "numpy", "opencv-python-headless", "streamlit", "streamlit-drawable-canvas",
)  # fmt: skip


def machine() -> dict:
    """Return the class of this machine, and what runs on it."""
    return {
        "hardware": f"{os.cpu_count()} {platform.machine()} cores, {sys.platform}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def merge(measured: dict[str, dict | None], order: tuple[str, ...]) -> dict:
    """Return the new parts with the older ones that were measured on such a machine.

    Args:
        measured: parts by name; None for one that could not be measured: its older figures go.
        order: of the parts.
    """
    here = machine()
    old = read() if FILE.exists() else {}
    if old.get("machine") != here:
        old = {}
    command = "python -m benchmarks" + ("" if len(measured) == len(order) else " --only {}")
    today = datetime.now(UTC).date().isoformat()
    kept = {"machine": here}
    for name in order:
        if measured.get(name):
            kept[name] = {"date": today, "command": command.format(name)} | measured[name]
        elif name in old and name not in measured:
            kept[name] = old[name]
    return kept


def read() -> dict:
    """Return the results.

    Raises:
        DataError: there are none, or they are damaged.
    """
    try:
        return json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{FILE.name} cannot be read ({error}): run `make bench`.") from error


def write(results: dict) -> None:
    """Write the results, one figure a line."""
    FILE.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def significant(value: float, digits: int = 2) -> float:
    """Return the value with so many significant digits: of a time, more do not repeat."""
    return float(f"{value:.{digits}g}")


def median_p95_max(times: list[float]) -> dict:
    """Return n, median, 95th percentile and largest; n alone of none."""
    if not times:
        return {"n": 0}
    return median_and_p95(times) | {"max": significant(max(times))}


def median_and_p95(times: list[float]) -> dict:
    """Return n, median and 95th percentile."""
    median, p95 = np.percentile(times, (50, 95))
    return {"n": len(times), "median": significant(median), "p95": significant(p95)}
