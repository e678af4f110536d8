"""The doctor's look at what is installed.

Only the standard library is imported at the top: this must run where a package is missing.
"""

import re
import sys
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path

from recognizer.doctor.report import Finding, fault, ok, warning
from recognizer.errors import reason
from recognizer.system import locks
from recognizer.system.process import silence_native_stderr

PYTHONS = ((3, 11), (3, 13))  # from, to; as tools/setup.sh
INSTALL = "run `make setup`, or `pip install -r requirements.txt`"
NAMED = 5  # packages in one line
KERAS = ("tensorflow", "keras")  # what only trainings need
_PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+) *(;?)", re.MULTILINE)


def python() -> Iterator[Finding]:
    """Check the version of Python."""
    message = f"Python {sys.version.split()[0]} on {sys.platform}"
    low, high = (".".join(map(str, version)) for version in PYTHONS)
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        yield ok(message)
    else:
        yield fault(
            f"{message}: expected {low} to {high}", f"install one of these, then {INSTALL} with it"
        )


def packages(project: Path) -> Iterator[Finding]:
    """Compare the packages that are installed with those that are pinned.

    Without TensorFlow and Keras it is an installation for reading, which has a lock of its own.

    Args:
        project: the folder of `requirements.txt` and the lock files.
    """
    lock = "requirements.lock" if any(map(_version, KERAS)) else "requirements-light.lock"
    try:
        direct = {name for name, _, _ in _PIN.findall((project / "requirements.txt").read_text())}
        locked = _PIN.findall((project / lock).read_text())
    except OSError as error:
        yield fault(
            f"The pinned versions cannot be read ({reason(error)}: {error.filename})",
            f"restore requirements.txt and {lock} of the project",
        )
        return
    found = {name: _version(name) for name, _, _ in locked}
    # of those that another system needs, and their lines say so, none is missed
    missing = [name for name, _, other in locked if not found[name] and not other]
    differing = [
        f"{name} is {found[name]}, pinned is {version}"
        for name, version, _ in locked
        if found[name] not in (None, version)
    ]
    if missing:
        first = sorted(missing, key=lambda name: (name not in direct, name))
        yield fault(f"{len(missing)} packages are not installed: {_listed(first)}", INSTALL)
    if differing:
        yield warning(
            f"{len(differing)} packages have another version than the tested one: "
            + _listed(differing),
            INSTALL,
        )
    if not missing and not differing:
        yield ok(f"All {sum(map(bool, found.values()))} packages have the pinned versions")


def litert() -> Iterator[Finding]:
    """Check that what reads digits can be loaded."""
    try:
        with silence_native_stderr():
            from ai_edge_litert.interpreter import Interpreter  # noqa: F401
    except Exception as error:  # a native library that does not fit raises anything
        yield fault(f"LiteRT, which reads digits, cannot be loaded ({reason(error)})", INSTALL)
    else:
        yield ok("LiteRT, which reads digits, loads")


def pictures() -> Iterator[Finding]:
    """Check that a PNG and a JPEG come back as they were drawn."""
    try:
        import cv2
        import numpy as np

        from recognizer.imaging.decoding import decode_picture

        drawn = np.full((40, 40), 255, np.uint8)
        drawn[8:32, 16:24] = 0
        for kind, tolerance in ((".png", 0), (".jpg", 60)):
            pixels = decode_picture(cv2.imencode(kind, drawn)[1].tobytes())
            if np.abs(pixels.reshape(40, 40, -1)[..., 0] - drawn.astype(int)).max() > tolerance:
                raise ValueError(f"a {kind} comes back changed")
    except Exception as error:
        yield fault(f"Pictures cannot be decoded ({reason(error)})", INSTALL)
    else:
        yield ok("Pictures are decoded (OpenCV, Pillow)")


def training() -> Iterator[Finding]:
    """Check that this machine can train; TensorFlow is found and not imported."""
    absent = [name for name in KERAS if util.find_spec(name) is None]
    if absent:
        yield warning(f"No training: {' and '.join(absent)} not found; reading works", INSTALL)
    elif not locks.are_supported():
        yield warning(
            "No training on this system: reading, batches and comparing work",
            "train on Linux, macOS or WSL",
        )
    else:
        yield ok("TensorFlow and Keras are there to train with")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
