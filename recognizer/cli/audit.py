"""`audit`: the labels of a table that are probably wrong, the likeliest mistake first."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from recognizer.cli import outputs, tables
from recognizer.cli.training import experiment
from recognizer.errors import DataError
from recognizer.system.process import silence_native_stderr

if TYPE_CHECKING:
    from recognizer.audit import Decisions, LabelAudit
    from recognizer.inference.out_of_sample import OutOfSample
    from recognizer.models.registry import StoredModel
    from recognizer.records import Digits

SHOWN = 20  # rows on the terminal
_NAMED = 5  # rows left out, named one by one


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add this command to the command line."""
    command = commands.add_parser("audit", help="find labels of a table that are probably wrong")
    command.add_argument("table", metavar="labelled.csv", help="whatever `evaluate` takes")
    command.add_argument(
        "--model", metavar="NAME", action="append", help="instead of the default model; rows it "
        "learned from are left out; repeat, and those that have not learned from a row judge it",
    )  # fmt: skip
    experiment.add_option(command)
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
    from recognizer.models import registry

    outputs.check([options.table], [options.out, options.corrected])
    experiment.resolve(options)
    models = [registry.find_model(name) for name in options.model or [None]]
    read = read_table(options.table, adjustments=tables.adjustments(options))
    if read.digits.labels is None:
        raise DataError(f"{options.table} has no label column: an audit needs labels to check.")
    tables.say(options.table, read.dialect)
    corrected = _corrected(options, read.digits) if options.corrected else None
    judged = _judged(models, read.digits)
    found = audit_labels(read.digits, judged.probabilities, judged.seen)
    names = [model.name for model in models]
    if options.out:
        with locations.open_write(options.out) as file:
            file.write(found.csv().encode())
    if options.json:
        print(json.dumps(_entry(" + ".join(names), found, known=not judged.unknown), indent=2))
    else:
        _print(options, names, found, judged.unknown)
    if corrected:
        kept, rows = corrected
        with locations.open_write(options.corrected) as file:
            file.write(write_digits(rows))
        if not options.json:
            words = kept.words(read.digits.labels)
            print(f"{options.corrected}: {len(rows):,} rows; {words}.")


def _judged(models: "list[StoredModel]", digits: "Digits") -> "OutOfSample":
    """Return what models make of the rows that they have not learned from."""
    from recognizer.cli.progress import bar
    from recognizer.inference import Recognizer, out_of_sample

    with silence_native_stderr():
        readers = [(model, Recognizer.of(model)) for model in models]
    with bar() as show:
        return out_of_sample.read(readers, digits.images, on_rows=show)


def _print(
    options: argparse.Namespace, models: list[str], found: "LabelAudit", unknown: tuple[str, ...]
) -> None:
    k, out = len(found.audited), len(found.left_out)
    if out:
        named = ", ".join(f"{row + 1:,}" for row in found.left_out[:_NAMED])
        rows = f"{out:,} rows are" if out > 1 else "1 row is"
        who = f"{models[0]} has" if len(models) == 1 else f"each of {', '.join(models)} has"
        print(
            f"{rows} left out, as {who} learned from them: {named}{', …' if out > _NAMED else ''}"
        )
    if unknown:
        print(
            f"Which rows {' and '.join(unknown)} learned from is not known: "
            f"{'it' if len(unknown) == 1 else 'they'} may have memorized wrong labels."
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
