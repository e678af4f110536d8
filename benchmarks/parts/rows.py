"""Share of the held-out rows of Kaggle's train.csv that each model reads right; and how long it
takes to compare three models on such rows, as the Compare page does."""

from time import perf_counter

from benchmarks.bench import DIGITS, Bench
from benchmarks.results import significant
from recognizer.comparison import all_pairs
from recognizer.datasets import fingerprint, read_digits
from recognizer.datasets.splits import split
from recognizer.errors import DataError
from recognizer.evaluation import evaluate
from recognizer.inference import Recognizer
from recognizer.models.registry import StoredModel
from recognizer.records import Digits

NEEDS = (DIGITS,)
_COMPARED = 3  # models


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
        "comparison": _comparison(bench.models, digits),
    }


def _comparison(models: tuple[StoredModel, ...], digits: Digits) -> dict:
    """Return the seconds from the files of the largest models to their verdicts."""
    compared = sorted(models, key=lambda model: -model.card.parameters)[:_COMPARED]
    config = compared[0].card.config
    rows = split(digits, config.held_out, config.seed)[1]
    started, read = perf_counter(), {}
    for model in compared:
        probabilities = Recognizer(model.tflite, model.card).predict(rows.images)
        evaluate(probabilities, rows.labels)
        read[model.name] = probabilities.argmax(axis=1)
    all_pairs(rows.labels, read)
    seconds = significant(perf_counter() - started)
    return {"models": list(read), "n": len(rows), "seconds": seconds}


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
