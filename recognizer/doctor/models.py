"""The doctor's look at every model: its files, how it reads a digit, and that both forms agree."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from recognizer.doctor.report import Finding, fault, ok, warning
from recognizer.errors import RecognizerError, reason
from recognizer.models import registry
from recognizer.models.registry import StoredModel
from recognizer.system import home

DIGIT = 7
STROKE = ((150, 0), (500, 0), (850, 0), (700, 350), (550, 700), (430, 1000))  # of that digit
AGREEMENT = 1e-3  # mean difference of a probability, as when a model is published in int8
KERAS_SECONDS = 300  # for all models; starting takes 15 or more on a small machine
COMMAND = "keras-readings"  # of `python -m recognizer`, in cli.doctor

Read = list[tuple[StoredModel, np.ndarray]]  # the probabilities of the digit, (10,), by model


def kept(*, quick: bool = False) -> Iterator[Finding]:
    """Check the shipped models and the user's.

    Args:
        quick: leave out Keras, which takes seconds.
    """
    read: Read = []
    for root in (registry.SHIPPED, home.folder() / "models"):
        try:
            found = registry.list_models(root)
        except RecognizerError as error:
            yield fault(str(error).rstrip("."), "let the user who runs the app read the folder")
            continue
        for message in found.broken.values():
            fix = "the project has it" if root == registry.SHIPPED else f"or take it out of {root}"
            yield fault(f"Left out {message.rstrip('.')}", fix)
        for model in found.available:
            yield from _read(model, read)
    if not quick and read:
        yield from _compared(read)


def default() -> Iterator[Finding]:
    """Check that there is a model to read with, and that it is the one that was chosen."""
    try:
        models = registry.list_models().available
    except RecognizerError:
        return  # `kept` has reported it
    if not models:
        yield fault(
            "No model is there to read with", f"restore the project's folder {registry.SHIPPED}"
        )
        return
    reads = next(model.name for model in models if model.default)
    chosen = home.folder() / registry.DEFAULT_FILE
    names = chosen.read_text("utf-8", "replace").split() if chosen.is_file() else [reads]
    if reads in names:
        yield ok(f"{reads} is the default model")
    else:
        asked = names[0][:64] if names else "nothing"
        yield warning(
            f"The default model is to be {asked}, which cannot be used: {reads} reads instead",
            f"bring it back, or choose: `python -m recognizer promote {reads}`",
        )


def digit() -> np.ndarray:
    """Return the digit that each model is tried on, drawn here: (28, 28), uint8."""
    from recognizer.imaging.strokes import render
    from recognizer.preprocessing import to_mnist

    return to_mnist(render([np.float32(STROKE)]))


def _read(model: StoredModel, read: Read) -> Iterator[Finding]:
    """Let a model read the digit."""
    from recognizer.inference import Recognizer, trial
    from recognizer.system.process import silence_native_stderr

    fix = f"restore {model.folder}, or train the model again"
    try:
        with silence_native_stderr():
            trial.check(model)
            recognizer = Recognizer(model.tflite, model.card, threads=1)
            probabilities = recognizer.predict(digit()[np.newaxis])[0]
    except (RecognizerError, ValueError, RuntimeError) as error:
        yield fault(f"{model.name} cannot read ({reason(error)})", fix)
        return
    if not np.isfinite(probabilities).all():
        yield fault(f"{model.name} gives no numbers for a drawn {DIGIT}", fix)
        return
    read.append((model, probabilities))
    seen = int(probabilities.argmax())
    if seen == DIGIT:
        yield ok(f"{model.name} is whole and reads a drawn {DIGIT}")
        return
    message = f"{model.name} is whole, but reads a drawn {DIGIT} as {seen}"
    if model.shipped:  # they all read it, so that something under them does not
        yield fault(
            message, "this machine or its LiteRT does not calculate rightly: run `make setup`"
        )
    else:
        yield warning(message, "train it for longer or on more, or delete it")


def _compared(read: Read) -> Iterator[Finding]:
    """Compare what was read with what Keras reads in a process of its own."""
    try:
        answers = _asked([model for model, _ in read])
    except (OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
        yield warning(
            f"Keras did not answer ({reason(error)}): the models were not compared with it",
            "try again; if it stays so, run `make setup`. Only training needs Keras",
        )
        return
    differing = [
        _difference(model, ours, theirs)
        for (model, ours), theirs in zip(read, answers, strict=True)
    ]
    yield from filter(None, differing)
    if not any(differing):
        yield ok(f"model.keras and model.tflite agree in each of {len(read)} models")


def _difference(model: StoredModel, ours: np.ndarray, theirs: dict[str, Any]) -> Finding | None:
    """Return in what a model's two forms differ, if they do."""
    if why := theirs.get("error"):
        return warning(
            f"{model.name}: its model.keras could not be compared ({why})",
            "nothing reads with it; if it was trained here, train it again to have it whole",
        )
    difference = float(np.abs(ours - np.float32(theirs["probabilities"])).mean())
    if difference <= AGREEMENT:
        return None
    return fault(
        f"{model.name}: model.keras and model.tflite differ by {difference:.1e} in a probability "
        f"on average, expected at most {AGREEMENT:.0e}",
        f"restore {model.folder}, or train the model again",
    )


def _asked(models: list[StoredModel]) -> list[dict[str, Any]]:
    """Return what Keras reads with each, or why it cannot; what Keras writes by itself goes.

    Raises:
        OSError: the process cannot be started.
        subprocess.SubprocessError: it failed or took too long.
        ValueError, LookupError: it answered something else.
    """
    with tempfile.TemporaryDirectory() as scratch:
        answer = subprocess.run(
            [sys.executable, "-m", "recognizer", COMMAND, *(str(one.folder) for one in models)],
            cwd=home.PROJECT,
            env={**os.environ, "KERAS_HOME": scratch},
            input=digit().tobytes(),
            capture_output=True,
            timeout=KERAS_SECONDS,
            check=True,
        )
    by_folder = json.loads(answer.stdout)
    return [by_folder[str(one.folder)] for one in models]
