"""`evaluate`: models measured on a table of labelled digits of any length, in one pass over it."""

import argparse
import json
import os
from collections.abc import Iterator
from itertools import combinations
from time import perf_counter
from typing import IO, TYPE_CHECKING, Any

from recognizer.cli import tables
from recognizer.cli.people import hands
from recognizer.cli.training import experiment
from recognizer.errors import DataError
from recognizer.records import Digits
from recognizer.system.process import silence_native_stderr

if TYPE_CHECKING:
    from recognizer.evaluation import Evaluation

PIPE = "-"  # a table's name on the command line


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add this command to the command line."""
    command = commands.add_parser("evaluate", help="measure models on labelled digits")
    command.add_argument(
        "tables", nargs="+", metavar="labelled.csv",
        help="CSV, .npz, IDX, Parquet, a zip or a folder of pictures; - a pipe; of several, all "
        "rows together",
    )  # fmt: skip
    command.add_argument(
        "--model", metavar="NAME", action="append", help="repeat to compare; default: the default"
    )
    experiment.add_option(command)
    command.add_argument(
        "--average", action="store_true", help="measure the mean of the models' probabilities, too"
    )
    hands.add_option(command)
    command.add_argument("--json", action="store_true", help="print one JSON document")
    tables.add_to(command)
    command.set_defaults(run=evaluate)


def evaluate(options: argparse.Namespace) -> None:
    """Measure models on labelled digits."""
    from recognizer.cli.progress import bar
    from recognizer.comparison import judged
    from recognizer.evaluation import Pair, Tally, compare
    from recognizer.inference.averaging import Average

    experiment.resolve(options)
    average = Average(options.model or []) if options.average else None
    with silence_native_stderr():
        recognizers = [hands.load(name, options.hand) for name in options.model or [None]]
    names = [recognizer.card.name for recognizer in recognizers]
    tallies, rows = [Tally.zero() for _ in recognizers], 0
    contestants = [*names, average.name] if average else names
    compared = () if options.json else combinations(dict.fromkeys(contestants), 2)
    pairs = {two: Pair.zero() for two in compared}
    with bar() as show:
        for piece, share in _labelled(options):
            read, found, seconds = {}, [], []  # by model
            for number, recognizer in enumerate(recognizers):
                started = perf_counter()
                found.append(recognizer.predict(piece.images))
                seconds.append(perf_counter() - started)
                tallies[number] += Tally.of(found[-1], piece.labels)
                read[names[number]] = found[-1].argmax(axis=1)
            if average:
                read[average.name] = average.add(piece, found, seconds)
            for first, second in pairs:
                pairs[first, second] += compare(piece.labels, read[first], read[second])
            rows += len(piece)
            show(rows, share)
    measured = [tally.evaluation() for tally in tallies]
    if options.json:
        entries = [_entry(*one) for one in zip(names, measured, strict=True)]
        if average:
            entries.append({**_entry(average.name, average.all.evaluation()), **average.entry()})
        print(json.dumps(entries, indent=2))
        return
    for name, one in zip(names, measured, strict=True):
        print_evaluation(name, one)
    if average:
        print_evaluation(average.name, average.all.evaluation())
        print(average.words())
    for comparison in judged(pairs):
        print(comparison.words)


def _labelled(options: argparse.Namespace) -> Iterator[tuple[Digits, float | None]]:
    """Yield the rows of all tables, and the share of its table that each was read with."""
    from recognizer.datasets import locations, stream_digits
    from recognizer.inference.streaming import prefetch

    names = options.tables
    if PIPE not in names:
        names = [place.name for place in locations.expand(names)]
    for name in names:
        with stream_digits(source(name), adjustments=tables.adjustments(options)) as stream:
            if not stream.labelled:
                table = "The pipe" if name == PIPE else name
                raise DataError(
                    f"{table} has no label column: measuring needs the true digits, as in Kaggle's "
                    "train.csv."
                )
            yield from prefetch(stream)
            tables.say(name, stream.dialect)


def source(table: str) -> str | IO[bytes]:
    """Return what to read of a table on the command line."""
    # Not sys.stdin: Python takes it down at its end though a thread may still wait for the pipe.
    return os.fdopen(os.dup(0), "rb") if table == PIPE else table


def print_evaluation(model: str, measured: "Evaluation") -> None:
    """Print accuracy and confusion for people."""
    low, high = measured.interval
    print(
        f"{model}: {measured.accuracy:.4f} of {measured.n:,} read right "
        f"(95 % interval {low:.4f} to {high:.4f})"
    )
    print("true \\ read" + "".join(f"{digit:7}" for digit in range(10)))
    for digit, row in enumerate(measured.confusion):
        print(f"{digit:11}" + "".join(f"{count:7,}" for count in row))


def _entry(model: str, measured: "Evaluation") -> dict[str, Any]:
    return {
        "model": model,
        "n": measured.n,
        "accuracy": measured.accuracy,
        "interval": list(measured.interval),
        "calibration_error": measured.calibration_error,
        "confusion": measured.confusion.tolist(),
        "precision": _numbers(measured.precision),
        "recall": _numbers(measured.recall),
    }


def _numbers(values: Any) -> list[float | None]:
    """Return plain numbers; JSON has no nan."""
    return [None if value != value else float(value) for value in values]
