"""Make a whole model of a `.keras` of one's own: loaded safely, checked, converted and measured.

The file is loaded in a process of its own, with Keras' safe mode on: nothing that it holds is run,
and what it breaks is that process.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from recognizer import evaluation
from recognizer.datasets import fingerprint
from recognizer.datasets.formats.orientation import mean_digits
from recognizer.errors import ModelError
from recognizer.inference import Recognizer
from recognizer.models import publishing, registry
from recognizer.models.card import ModelCard
from recognizer.records import LABELS, Digits, TrainingConfig, TrainingData
from recognizer.system import home

ARCHITECTURE = "adopted"  # of a network that was not built here
_HDF5 = (".h5", ".hdf5")  # endings of the older form, which Keras loads too
_SECONDS = 600  # for the file to be loaded and converted
_ENOUGH = 6  # of the ten mean digits that a network has to read
_SHIFTS = range(-2, 3)  # pixels, of the mean digits on which both forms have to agree
_AGREEMENT = 1e-3  # of a probability; mean digits are blurred, and read less surely than others


def adopt(file: Path, name: str, rows: Digits | None, models_dir: Path) -> registry.StoredModel:
    """Publish a network from a `.keras`.

    Args:
        file: of the network: images of 28 x 28 in, probabilities of ten digits out.
        name: of the model.
        rows: labelled digits to measure it on; None leaves it unmeasured.
        models_dir: where to publish it.

    Raises:
        ModelError: the file is no such network, or cannot be loaded safely; says why.
        StorageError: the model cannot be written.
    """
    registry.check_name(name)
    if not file.is_file():
        raise ModelError(f"{file} is no file: name a .keras, as keras.Model.save writes it.")
    if file.suffix not in (".keras", *_HDF5) or not (
        file.suffix in _HDF5 or zipfile.is_zipfile(file)
    ):  # of which Keras would say that it isn't there
        raise ModelError(
            f"{file.name} is not a .keras: expected the whole file that keras.Model.save writes, "
            "with that ending."
        )
    with tempfile.TemporaryDirectory() as folder:
        facts = _converted(file.resolve(), Path(folder))
        hashes = {one: registry.sha256(Path(folder) / one) for one in registry.WEIGHTS}
        card = ModelCard(
            name=name,
            architecture=ARCHITECTURE,
            parameters=facts["parameters"],
            accuracy=0.0,
            n=0,
            interval=(0.0, 1.0),
            data=TrainingData((f"unknown: adopted from {file.name[:60]}",), "", 0, 0, "unknown"),
            config=TrainingConfig(architecture=ARCHITECTURE),
            history=(),
            created=home.now(),
            hardware=facts["hardware"],
            versions=facts["versions"],
            sha256=hashes,
        )
        if rows is not None:
            card = measured(card, Path(folder), rows)
            card = replace(card, data=replace(card.data, sha256=fingerprint(rows)))
        return publishing.publish(Path(folder), card, models_dir)


def measured(card: ModelCard, folder: Path, rows: Digits) -> ModelCard:
    """Return the card with how well the network in a folder reads labelled digits, for LiteRT."""
    recognizer = Recognizer(folder / registry.TFLITE_FILE, card)
    found = evaluation.evaluate(recognizer.predict(rows.images), rows.labels)
    return replace(
        card,
        accuracy=found.accuracy,
        n=found.n,
        interval=found.interval,
        confusion=tuple(map(tuple, found.confusion.tolist())),
    )


def _converted(file: Path, folder: Path) -> dict[str, Any]:
    """Convert a file in a process of its own; return what it found."""
    command = [sys.executable, "-m", "recognizer.training.adoption", str(file), str(folder)]
    try:
        done = subprocess.run(
            command,
            cwd=home.PROJECT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(
            f"{file.name} was not loaded within {_SECONDS // 60} minutes: expected a smaller one."
        ) from error
    answer = done.stdout.strip().splitlines()[-1:]
    if done.returncode not in (0, 2) or not answer:
        raise ModelError(
            f"{file.name} ended the process that loaded it (status {done.returncode}): expected a "
            "network that Keras 3 saved, and enough memory for it."
        )
    facts = json.loads(answer[0])
    if done.returncode:
        raise ModelError(f"{file.name}: {facts}")
    return facts


def convert(file: Path, folder: Path) -> dict[str, Any]:
    """Load a network, check it, and write it for Keras and for LiteRT.

    Raises:
        ModelError: it is no network that reads digits.
    """
    from recognizer.training import export

    network = export.load(file)
    sample = mean_digits()  # (10, 28, 28)
    for scale in (1, 255):
        whole = export.wrapped(network, scale)
        read = int((export.outputs(whole, sample)[:, : len(LABELS)].argmax(axis=1) == LABELS).sum())
        if read >= _ENOUGH:
            break
    else:
        raise ModelError(
            f"it reads {read} of the ten mean digits: expected a network that learned from light "
            "ink on black, 28 x 28 pixels, values from 0 to 1 or to 255."
        )
    shifted = np.concatenate([np.roll(sample, shift, axis=2) for shift in _SHIFTS])
    export.save(whole, folder, Digits(shifted, None), agreement=_AGREEMENT)
    return {
        "parameters": network.count_params(),  # without what wraps it
        "hardware": export.hardware(),
        "versions": export.versions(),
    }


def main() -> int:
    """Convert the file named on the command line; print what was found, or why not, as JSON."""
    try:
        print(json.dumps(convert(Path(sys.argv[1]), Path(sys.argv[2]))))  # noqa: T201
    except ModelError as error:
        print(json.dumps(str(error)))  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
