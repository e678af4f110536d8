"""Share of the held-out rows of Kaggle's train.csv that each model reads right."""

from benchmarks.bench import DIGITS, Bench
from recognizer.datasets import fingerprint, read_digits, split
from recognizer.errors import DataError
from recognizer.evaluation import evaluate
from recognizer.records import Digits
from recognizer.store import StoredModel

NEEDS = (DIGITS,)


def measure(bench: Bench) -> dict:
    """Return accuracy, n, interval and size: models -> figures; a quick run is no less."""
    digits = read_digits(bench.data / DIGITS)
    known_as = fingerprint(digits)
    models = {}
    for model in bench.models:
        if model.card.data.sha256 != known_as:
            raise DataError(
                f"{model.name} was trained on other rows than those of {DIGITS}: which of them it "
                "has not seen is unknown. Measure models that were trained on this file."
            )
        models[model.name] = _figures(bench, model, digits)
    return {
        "data": f"{DIGITS}, the rows that the card's seed holds out",
        "weights": bench.weights,
        "models": models,
    }


def _figures(bench: Bench, model: StoredModel, digits: Digits) -> dict:
    config = model.card.config
    held_out = split(digits, config.held_out, config.seed)[1]
    recognizer = bench.recognizers[model.name]
    measured = evaluate(recognizer.predict(held_out.images), held_out.labels)
    return {
        "accuracy": round(measured.accuracy, 4),
        "n": measured.n,
        "interval": [round(bound, 4) for bound in measured.interval],
        "seed": config.seed,
        "calibration_error": round(measured.calibration_error, 4),
        "parameters": model.card.parameters,
        "tflite_bytes": model.tflite.stat().st_size,
    }
