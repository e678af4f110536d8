"""Measure the app and write `benchmarks/results.json`: `make bench`, or

python -m benchmarks                       every part
python -m benchmarks --only reading,speed  these parts, the others stay as they are in the file
python -m benchmarks --quick               few of everything; prints, never writes
python -m benchmarks --models DIR          other models than the shipped; prints, never writes
python -m benchmarks --tables              put the tables of results.json into the documents
"""

import argparse
import os
import sys
from pathlib import Path

from benchmarks import results, tables
from benchmarks.bench import Bench
from benchmarks.parts import (
    batch,
    handwriting,
    inside_page,
    learning,
    numbers,
    path,
    pen_up,
    pictures,
    preview,
    reading,
    rows,
    speed,
    startup,
)
from benchmarks.parts.scans import ensemble, label_audit
from recognizer.errors import RecognizerError
from recognizer.models import registry
from recognizer.system import home

PARTS = {
    part.__name__.split(".")[-1]: part
    for part in (
        *(reading, pictures, rows, speed, startup, pen_up, preview, inside_page, batch, learning),
        *(path, numbers, handwriting),
        *(ensemble, label_audit),
    )
}
_DOCUMENTS = (
    *("README.md", "docs/figures.md", "docs/handwriting.md"),
    *("docs/experiments.md", "docs/labels.md", "docs/trajectory.md"),
)
PAGES = tuple(home.PROJECT / name for name in _DOCUMENTS)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and return its exit status: 2 for what the user can mend."""
    options = parser().parse_args(arguments)
    try:
        if options.tables:
            for page in PAGES:
                tables.rewrite(page, results.read())
        else:
            run(options)
    except RecognizerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the app.")
    top.add_argument("--only", type=_parts, default=tuple(PARTS), metavar="PART,...")
    top.add_argument("--data", type=Path, help="folder of digits and drawings; RECOGNIZER_DATA")
    top.add_argument("--models", type=Path, metavar="DIR", help="measure these; write nothing")
    top.add_argument("--quick", action="store_true", help="few of everything; write nothing")
    top.add_argument("--tables", action="store_true", help="put the tables into the documents")
    return top


def run(options: argparse.Namespace) -> None:
    """Measure the chosen parts, print them, and keep them unless it was a try."""
    data = options.data or os.environ.get("RECOGNIZER_DATA")
    bench = Bench(Path(data) if data else None, options.models or registry.SHIPPED, options.quick)
    bench.check(file for name in options.only for file in PARTS[name].NEEDS)
    measured = {}
    for name in options.only:
        print(f"Measuring {name} ...", file=sys.stderr, flush=True)
        measured[name] = PARTS[name].measure(bench)
    if options.quick or options.models:
        kept = {name: part for name, part in measured.items() if part is not None}
    else:
        kept = results.merge(measured, tuple(PARTS))
        results.write(kept)
    for name in tables.TABLES:
        print("\n" + tables.render(kept, name))


def _parts(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(PARTS):
        raise argparse.ArgumentTypeError(f"{unknown.pop()!r}: choose from {', '.join(PARTS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
