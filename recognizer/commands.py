"""What each command does: arguments in, lines or one JSON document on stdout.

Each imports what it needs when it runs: `models` needs no OpenCV, and none needs Keras.
"""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from recognizer import notes, store
from recognizer.errors import DataError, PictureError
from recognizer.quiet import without_greeting


def read(options: argparse.Namespace) -> int:
    """Read pictures of one digit each; those that cannot be read are named on stderr."""
    from recognizer.evaluation import percent
    from recognizer.inference import Recognizer
    from recognizer.pictures import decode_picture

    with without_greeting():
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
    from recognizer.verdicts import all_pairs

    with without_greeting():
        recognizers = [Recognizer.load(name) for name in options.model or [None]]
    digits = read_digits(options.table)
    if digits.labels is None:
        raise DataError(f"{options.table} has no label column: measuring needs the true digits.")
    results, read = [], {}
    for recognizer in recognizers:
        probabilities = recognizer.predict(digits.images)
        read[recognizer.card.name] = probabilities.argmax(axis=1)
        measured = evaluation.evaluate(probabilities, digits.labels)
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
    for compared in [] if options.json else all_pairs(digits.labels, read):
        print(compared.words)


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
        "bytes": model.size,
        "sha256": model.card.sha256,
        "note": notes.read(model),
    }


def _numbers(values: Any) -> list[float | None]:
    """Return plain numbers; JSON has no nan."""
    return [None if value != value else float(value) for value in values]


def _print_json(document: Any) -> None:
    print(json.dumps(document, indent=2))
