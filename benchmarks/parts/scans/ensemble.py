"""The mean of several shipped models: how well it reads rows that no member has seen, and its cost.

Which models are averaged is chosen on the validation rows, which chose the members' weights, too,
by the mean negative log-likelihood; the held-out rows only measure.
"""

from itertools import combinations
from statistics import median
from time import process_time

import numpy as np

from benchmarks.bench import DIGITS, Bench
from benchmarks.results import significant
from recognizer.comparison import all_pairs
from recognizer.datasets import read_digits
from recognizer.datasets.splits import split
from recognizer.errors import DataError
from recognizer.evaluation import evaluate
from recognizer.inference.ensemble import mean_probabilities
from recognizer.models import seen_rows
from recognizer.records import Digits

NEEDS = (DIGITS,)
_ROUNDS = 3  # in which the models take turns, for their cost


def measure(bench: Bench) -> dict:
    """Return the chosen members, and figures and cost of their mean beside the default model."""
    validation, held_out = _rows(bench)
    readers = bench.recognizers
    read = {name: one.predict(validation.images) for name, one in readers.items()}
    likelihood = {
        names: _log_loss(mean_probabilities([read[name] for name in names]), validation.labels)
        for size in range(2, len(readers) + 1)
        for names in combinations(readers, size)
    }
    members = min(likelihood, key=likelihood.get)
    default, average = next(iter(readers)), " + ".join(members)
    probabilities = {name: readers[name].predict(held_out.images) for name in {default, *members}}
    mean = mean_probabilities([probabilities[name] for name in members])
    shown = {default: probabilities[default], average: mean}
    [pair] = all_pairs(held_out.labels, {name: one.argmax(axis=1) for name, one in shown.items()})
    costs, sizes = _milliseconds(bench, members, held_out), _sizes(bench)
    on_validation = {
        default: _log_loss(read[default], validation.labels),
        average: likelihood[members],
    }
    return {
        "data": f"{DIGITS}, the rows that no member has seen",
        "weights": bench.weights,
        "chosen_on": len(validation),
        "among": len(likelihood),
        "members": list(members),
        "models": {
            name: _figures(one, held_out)
            | {
                "log_loss_where_chosen": round(on_validation[name], 4),
                "cpu_ms_a_row": significant(sum(costs[member] for member in of)),
                "tflite_bytes": sum(sizes[member] for member in of),
            }
            for (name, one), of in zip(shown.items(), ((default,), members), strict=True)
        },
        "difference": round(-pair.difference, 4),  # of the average to the default
        "difference_interval": [round(-bound, 4) for bound in reversed(pair.interval)],
        "only_default_right": pair.pair.first_only,
        "only_average_right": pair.pair.second_only,
        "p": significant(pair.p),
    }


def _rows(bench: Bench) -> tuple[Digits, Digits]:
    """Return the rows to choose on and those to measure on, the same for all models."""
    digits = read_digits(bench.data / DIGITS)
    configs = [model.card.config for model in bench.models]
    shares = {(one.held_out, one.validation, one.seed_of_split) for one in configs}
    if len(shares) > 1:
        raise DataError("The models hold out different rows: measure models of one split.")
    held_out_share, validation_share, seed = shares.pop()
    rest, held_out = split(digits, held_out_share, seed)
    for model in bench.models:
        seen = seen_rows.is_seen(model, held_out.images)
        if seen is None or seen.any():
            raise DataError(f"{model.name} may have learned from rows that its split holds out.")
    return split(rest, validation_share, seed)[1], held_out


def _log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return -float(np.log(probabilities[np.arange(len(labels)), labels] + 1e-9).mean())


def _figures(probabilities: np.ndarray, rows: Digits) -> dict:
    measured = evaluate(probabilities, rows.labels)
    return {
        "accuracy": round(measured.accuracy, 4),
        "n": measured.n,
        "interval": [round(bound, 4) for bound in measured.interval],
        "log_loss": round(_log_loss(probabilities, rows.labels), 4),
    }


def _milliseconds(bench: Bench, members: tuple[str, ...], rows: Digits) -> dict[str, float]:
    """Return the CPU time that a model takes for a row, the median of some rounds by turns."""
    names = {next(iter(bench.recognizers)), *members}
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(1 if bench.quick else _ROUNDS):
        for name in names:
            started = process_time()
            bench.recognizers[name].predict(rows.images)
            times[name].append(1000 * (process_time() - started) / len(rows))
    return {name: median(of) for name, of in times.items()}


def _sizes(bench: Bench) -> dict[str, int]:
    return {model.name: model.tflite.stat().st_size for model in bench.models}
