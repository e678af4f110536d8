"""What each command does: arguments in, lines or one JSON document on stdout.

Each imports what it needs when it runs: `models` needs no OpenCV, and only `train` needs Keras.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recognizer import store
from recognizer.errors import DataError, PictureError, SettingError
from recognizer.records import Digits, ModelCard, TrainingConfig, TrainingData

LICENCES = {  # of data that we know by its rows
    "digit-recognizer.zip": "MNIST, LeCun, Cortes & Burges, CC BY-SA 3.0",
}


def read(options: argparse.Namespace) -> int:
    """Read pictures of one digit each; those that cannot be read are named on stderr."""
    from recognizer.evaluation import percent
    from recognizer.inference import Recognizer
    from recognizer.pictures import decode_picture

    with _without_greeting():
        recognizer = Recognizer.load(options.model)
    results, status = [], 0
    for path in options.pictures:
        try:
            reading = recognizer.read(decode_picture(path.read_bytes()))
        except (OSError, PictureError) as error:
            is_file = isinstance(error, PictureError)
            why = error if is_file else f"{error.strerror}; name a PNG or JPEG file."
            print(f"{path}: {why}", file=sys.stderr)
            status = 2
            continue
        results.append(
            {
                "file": str(path),
                "digit": reading.digit,
                "confidence": reading.confidence,
                "probabilities": list(reading.probabilities),
                "is_digit": reading.is_digit,
            }
        )
    if options.json:
        _print_json(results)
    for result in [] if options.json else results:
        if result["digit"] is None:
            print(f"{result['file']}\tblank")
        else:
            print(f"{result['file']}\t{result['digit']}\t{percent(result['confidence'])}")
    return status


def evaluate(options: argparse.Namespace) -> None:
    """Measure models on labelled digits."""
    from recognizer import evaluation
    from recognizer.datasets import read_digits
    from recognizer.inference import Recognizer

    with _without_greeting():
        recognizers = [Recognizer.load(name) for name in options.model or [None]]
    digits = read_digits(options.table)
    if digits.labels is None:
        raise DataError(f"{options.table} has no label column: measuring needs the true digits.")
    results = []
    for recognizer in recognizers:
        measured = evaluation.evaluate(recognizer.predict(digits.images), digits.labels)
        results.append(
            {
                "model": recognizer.card.name,
                "n": measured.n,
                "accuracy": measured.accuracy,
                "interval": list(measured.interval),
                "calibration_error": measured.calibration_error,
                "confusion": measured.confusion.tolist(),
                "precision": _numbers(measured.precision),
                "recall": _numbers(measured.recall),
            }
        )
    if options.json:
        _print_json(results)
    for result in [] if options.json else results:
        _print_evaluation(result)


def models(options: argparse.Namespace) -> None:
    """List the models; the ones left out are named on stderr."""
    found = store.list_models()
    for reason in found.broken.values():
        print(f"Left out {reason}", file=sys.stderr)
    if options.json:
        _print_json([_model_entry(model) for model in found.whole])
        return
    if not found.whole and not found.broken:
        store.find()  # says how to get one
    print(f"{'name':24} {'architecture':14} {'parameters':>12} {'accuracy':>9} {'n':>7}")
    for model in found.whole:
        card, mark = model.card, "  default" if model.default else ""
        print(
            f"{model.name:24} {card.architecture:14} {card.parameters:12,} "
            f"{card.accuracy:9.4f} {card.n:7,}{mark}"
        )


def train(options: argparse.Namespace) -> None:
    """Train a network, measure it on the held-out rows and publish it."""
    from recognizer import datasets

    models_dir = options.models_dir or store.home() / "models"
    name = store.check_name(options.name)
    if options.models_dir is None and name in {m.name for m in store.list_models().whole}:
        raise SettingError(f"A model named {name} is there already: choose another --name.")
    config = TrainingConfig(
        architecture=options.architecture,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        seed=options.seed,
        augment=not options.no_augment,
    )
    digits = datasets.read_digits(options.table)
    training, held_out = datasets.split(digits, config.held_out, config.seed)
    data = TrainingData(
        name=Path(options.table).name,
        sha256=datasets.fingerprint(digits),
        rows=len(digits),
        trained_rows=len(training),
        licence=LICENCES.get(Path(options.table).name, "as its owner says"),
    )
    _train_and_publish(name, config, training, held_out, data, models_dir)


@contextmanager
def _without_greeting() -> Iterator[None]:
    """Keep off stderr, once, the line with which LiteRT's C++ says that it starts."""
    try:
        kept = os.dup(2)
    except OSError:  # stderr is closed: nothing to keep anything off
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _train_and_publish(
    name: str,
    config: TrainingConfig,
    training_rows: Digits,
    held_out: Digits,
    data: TrainingData,
    models_dir: Path,
) -> None:
    from recognizer import evaluation, training
    from recognizer.architectures import network_input

    print(f"{len(training_rows):,} rows to train on, {len(held_out):,} held out.", flush=True)
    for event in training.train(config, training_rows):
        if isinstance(event, training.Trained):
            trained = event
        else:
            _print_progress(event, config.epochs)
    probabilities = trained.network.predict(network_input(held_out.images), verbose=0)
    measured = evaluation.evaluate(probabilities, held_out.labels)
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch)
        training.save(trained.network, files, held_out)
        card = ModelCard(
            name=name,
            architecture=config.architecture,
            parameters=trained.network.count_params(),
            accuracy=measured.accuracy,
            n=measured.n,
            interval=measured.interval,
            data=data,
            config=config,
            history=trained.history,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            hardware=training.hardware(),
            versions=training.versions(),
            sha256={name: store.sha256(files / name) for name in store.WEIGHTS},
        )
        model = store.publish(files, card, models_dir)
    low, high = measured.interval
    print(
        f"{model.name}: {measured.accuracy:.4f} of {measured.n:,} held-out rows read right "
        f"(95 % interval {low:.4f} to {high:.4f}); published in {model.folder}."
    )


def _print_progress(event: Any, epochs: int) -> None:
    """Show a line an epoch; on a terminal also the batches under way, on one line."""
    line = f"epoch {event.epoch}/{epochs}  loss {event.loss:.4f}  accuracy {event.accuracy:.4f}"
    if hasattr(event, "batch"):
        if sys.stdout.isatty():
            print(f"{line}  batch {event.batch}/{event.batches}", end="\r", flush=True)
    else:
        print(f"{line}  {event.seconds:.0f} s          ", flush=True)


def _print_evaluation(result: dict[str, Any]) -> None:
    low, high = result["interval"]
    print(
        f"{result['model']}: {result['accuracy']:.4f} of {result['n']:,} read right "
        f"(95 % interval {low:.4f} to {high:.4f})"
    )
    print("true \\ read" + "".join(f"{digit:7}" for digit in range(10)))
    for digit, row in enumerate(result["confusion"]):
        print(f"{digit:11}" + "".join(f"{count:7,}" for count in row))


def _model_entry(model: store.StoredModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "architecture": model.card.architecture,
        "parameters": model.card.parameters,
        "default": model.default,
        "accuracy": model.card.accuracy,
        "n": model.card.n,
        "interval": list(model.card.interval),
        "shipped": model.shipped,
        "trained_on": asdict(model.card.data),
        "created": model.card.created,
    }


def _numbers(values: Any) -> list[float | None]:
    """Return plain numbers; JSON has no nan."""
    return [None if value != value else float(value) for value in values]


def _print_json(document: Any) -> None:
    print(json.dumps(document, indent=2))
