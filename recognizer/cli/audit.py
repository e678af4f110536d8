"""`audit`: the labels of a table that are probably wrong, the likeliest mistake first."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from recognizer.cli import outputs, tables
from recognizer.errors import DataError
from recognizer.system.process import silence_native_stderr

if TYPE_CHECKING:
    import numpy as np

    from recognizer.audit import Decisions, LabelAudit
    from recognizer.inference import Recognizer
    from recognizer.records import Digits

SHOWN = 20  # rows on the terminal
_NAMED = 5  # rows left out, named one by one


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add this command to the command line."""
    command = commands.add_parser("audit", help="find labels of a table that are probably wrong")
    command.add_argument("table", metavar="labelled.csv", help="whatever `evaluate` takes")
    command.add_argument(
        "--model", metavar="NAME", help="instead of the default model; rows it learned from are "
        "left out",
    )  # fmt: skip
    command.add_argument("--out", metavar="audit.csv", help="write the whole list")
    command.add_argument(
        "--corrected", metavar="corrected.csv", help="write the table with the decisions that were "
        "taken on the Batch page",
    )  # fmt: skip
    command.add_argument("--json", action="store_true", help="print one JSON document")
    tables.add_to(command)
    command.set_defaults(run=audit)


def audit(options: argparse.Namespace) -> None:
    """Audit the labels of a table."""
    from recognizer.audit import audit as audit_labels
    from recognizer.datasets import locations, read_table, write_digits
    from recognizer.inference import Recognizer
    from recognizer.models import registry, seen_rows

    outputs.check([options.table], [options.out, options.corrected])
    model = registry.find_model(options.model)
    with silence_native_stderr():
        recognizer = Recognizer.of(model)
    read = read_table(options.table, adjustments=tables.adjustments(options))
    if read.digits.labels is None:
        raise DataError(f"{options.table} has no label column: an audit needs labels to check.")
    tables.say(options.table, read.dialect)
    corrected = _corrected(options, read.digits) if options.corrected else None
    seen = seen_rows.is_seen(model, read.digits.images)
    found = audit_labels(read.digits, _probabilities(recognizer, read.digits, seen), seen)
    if options.out:
        with locations.open_write(options.out) as file:
            file.write(found.csv().encode())
    if options.json:
        print(json.dumps(_entry(model.name, found, known=seen is not None), indent=2))
    else:
        _print(options, model.name, found, known=seen is not None)
    if corrected:
        kept, rows = corrected
        with locations.open_write(options.corrected) as file:
            file.write(write_digits(rows))
        if not options.json:
            words = kept.words(read.digits.labels)
            print(f"{options.corrected}: {len(rows):,} rows; {words}.")


def _probabilities(
    recognizer: "Recognizer", digits: "Digits", seen: "np.ndarray | None"
) -> "np.ndarray":
    """Return (n, 10); 0 in the rows that the model has seen, which are not read."""
    import numpy as np

    from recognizer.cli.progress import bar
    from recognizer.datasets.kaggle_csv import ROWS
    from recognizer.records import LABELS

    rows = np.arange(len(digits)) if seen is None else np.flatnonzero(~seen)
    probabilities = np.zeros((len(digits), len(LABELS)), np.float32)
    with bar() as show:
        for start in range(0, len(rows), ROWS):
            piece = rows[start : start + ROWS]
            probabilities[piece] = recognizer.predict(digits.images[piece])
            show(start + len(piece), (start + len(piece)) / len(rows))
    return probabilities


def _print(options: argparse.Namespace, model: str, found: "LabelAudit", *, known: bool) -> None:
    k, out = len(found.audited), len(found.left_out)
    if out:
        named = ", ".join(f"{row + 1:,}" for row in found.left_out[:_NAMED])
        rows = f"{out:,} rows are" if out > 1 else "1 row is"
        print(
            f"{rows} left out, as {model} has learned from them: "
            f"{named}{', …' if out > _NAMED else ''}"
        )
    if not known:
        print(
            f"Which rows {model} has learned from is not known: it may know wrong labels by heart."
        )
    print(
        f"{len(found.rows):,} of {k:,} labels are probably wrong (an estimated "
        f"{found.estimated:,.0f} in all), the likeliest mistake first:"
    )
    print(f"{'row':>7} {'label':>5} {'shows':>5} {'p(label)':>9} {'p(shows)':>9}  most similar row")
    for i, row in enumerate(found.rows[:SHOWN]):
        given, better = found.probabilities[i]
        print(
            f"{row + 1:7,} {found.labels[i]:5} {found.suggested[i]:5} {given:9.4f} {better:9.4f}  "
            f"{found.similar[i] + 1:,}, label {found.similar_labels[i]}, similarity "
            f"{found.similarity[i]:.2f}{' (near-duplicate)' * int(found.near_duplicates[i])}"
        )
    if len(found.rows) > SHOWN and not options.out:
        print(f"… and {len(found.rows) - SHOWN:,} more: name a file with --out to have all.")
    if options.out:
        print(f"All {len(found.rows):,} are in {options.out}.")


def _corrected(options: argparse.Namespace, digits: "Digits") -> "tuple[Decisions, Digits]":
    """Return what was decided about a table's labels, and the table as it is decided."""
    from recognizer.audit import decisions
    from recognizer.datasets import fingerprint

    kept = decisions.load(fingerprint(digits), len(digits))
    if not kept.choices:
        raise DataError(
            f"Nothing was decided about the labels of {options.table}: bring it to the Batch page "
            "and look at its labels to check, or leave out --corrected."
        )
    return kept, kept.apply(digits)


def _entry(model: str, found: "LabelAudit", *, known: bool) -> dict[str, Any]:
    return {
        "model": model,
        "audited": len(found.audited),
        "left_out": [int(row) + 1 for row in found.left_out],
        "seen_rows_known": known,
        "estimated_wrong": found.estimated,
        "rows": [
            {
                "row": int(row) + 1,
                "label": int(found.labels[i]),
                "suggested": int(found.suggested[i]),
                "label_probability": float(found.probabilities[i, 0]),
                "suggested_probability": float(found.probabilities[i, 1]),
                "most_similar_row": int(found.similar[i]) + 1 if found.similar[i] >= 0 else None,
                "its_label": int(found.similar_labels[i]) if found.similar[i] >= 0 else None,
                "similarity": float(found.similarity[i]) if found.similar[i] >= 0 else None,
                "near_duplicate": bool(found.near_duplicates[i]),
            }
            for i, row in enumerate(found.rows)
        ],
    }
