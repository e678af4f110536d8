"""`read --several`: pictures of several digits, to lines, JSON, or a table that can be resumed."""

import argparse
import csv
import glob
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognizer.api.documents import page_entry
from recognizer.cli.predict import add_cluster, check_cluster
from recognizer.cli.progress import bar
from recognizer.datasets import locations
from recognizer.errors import ClusterError, RecognizerError, SettingError, StorageError, reason
from recognizer.imaging.formats import FILE_TYPES
from recognizer.models import registry

if TYPE_CHECKING:
    from recognizer.numbers import Page

COLUMNS = ("file", "line", "text", "confidence", "is_digit", "error")
PICTURES = tuple(f".{one}" for one in FILE_TYPES)


def add_to(command: argparse.ArgumentParser) -> None:
    """Give `read` the options for several digits."""
    command.add_argument(
        "--several", action="store_true", help="each picture holds numbers of several digits"
    )
    command.add_argument("--length", type=int, metavar="N", help="of each number, in digits")
    command.add_argument(
        "--pattern", help="of each number, such as ##.##: # a digit, ? a digit or none"
    )
    command.add_argument(
        "--out", type=Path, metavar="CSV", help="write a table; a run that was stopped goes on"
    )
    add_cluster(command)


def check(options: argparse.Namespace) -> None:
    """Check that what is given goes together.

    Raises:
        SettingError: an option is given that means nothing without another, or beside it.
    """
    given = [name for name in ("length", "pattern", "out") if getattr(options, name) is not None]
    if options.form and options.several:
        raise SettingError("Both --several and --form are given: expected one of them.")
    for name in ("length", "pattern", "hand"):
        if options.form and getattr(options, name) is not None:
            raise SettingError(f"--{name} has no meaning with --form: leave it out.")
    if options.cells is not None and not options.form:
        raise SettingError("--cells is for forms: add --form.")
    if options.cluster and not (options.several and options.out):
        raise SettingError("--cluster is for tables of numbers: add --several and --out.")
    check_cluster(options)
    if given and not options.several and not options.form:
        raise SettingError(f"--{given[0]} is for numbers of several digits: add --several.")


def read(options: argparse.Namespace) -> int:
    """Read pictures of several digits; those that cannot be read are named on stderr."""
    from recognizer.inference import Recognizer
    from recognizer.numbers import read_numbers
    from recognizer.numbers.files import load
    from recognizer.system.process import silence_native_stderr

    files = list(_files(options.pictures))
    with silence_native_stderr():
        recognizer = Recognizer.load(*options.model or [])
    wanted = {"length": options.length, "pattern": options.pattern}
    read_numbers(recognizer, None, [], **wanted)  # says at once what is wrong with them
    if options.out is not None:
        return _to_table(options, recognizer, files, wanted)
    entries, status = [], 0
    for file in files:
        try:
            page = read_numbers(recognizer, load(file), **wanted)
        except RecognizerError as error:
            print(f"{file}: {error}", file=sys.stderr)
            status = 2
            continue
        if page.warning:
            print(f"{file}: {page.warning}", file=sys.stderr)
        entries.append(page_entry(file, page))
        if not options.json:
            _print(file, page)
    if options.json:
        print(json.dumps(entries, indent=2))
    return status


def _files(named: list[str]) -> Iterator[str]:
    """Yield the pictures that are named, in folders and by patterns such as `scans/*.jpg` too."""
    for name in named:
        if locations.is_address(name):
            yield from _addresses(name)
        elif (path := Path(name)).is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURES)
            yield from map(str, found)
        elif not path.exists() and glob.has_magic(name):
            found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (absolute patterns too)
            if not found:
                raise SettingError(f"No file matches {name}: name pictures, or a folder of them.")
            yield from (str(Path(one)) for one in found)
        else:
            yield str(path)


def _addresses(name: str) -> Iterator[str]:
    """Yield the pictures at an address: one, those of a pattern, or those of a folder."""
    is_one = name.lower().endswith(PICTURES) and not locations.is_pattern(name)
    if is_one:
        yield name
        return
    pattern = name if locations.is_pattern(name) else name.rstrip("/") + "/*"
    found = (place.name for place in locations.expand([pattern]))
    yield from (one for one in found if one.lower().endswith(PICTURES))


def _print(file: str, page: "Page") -> None:
    """Print a line for each line of writing."""
    if not page.lines:
        print(f"{file}\tblank")
    for line in page.lines:
        doubt = "" if all(digit.is_sure for digit in line.digits) else "\tdoubtful"
        if not all(digit.is_digit for digit in line.digits):
            doubt += ": does not look like digits only"
        print(f"{file}\t{line.text}\t{line.confidence:.1%}{doubt}")


def _to_table(
    options: argparse.Namespace, recognizer: Any, files: list[str], wanted: dict[str, Any]
) -> int:
    """Write a row for each line of writing; what an earlier run has written is kept."""
    from recognizer.numbers import harmless

    out = options.out
    try:
        done = _resume(out)
        left = [file for file in files if harmless(file) not in done]
        before = len(files) - len(left)
        with out.open("a", newline="", encoding="utf-8") as table, bar() as show:
            if not table.tell():
                csv.writer(table).writerow(COLUMNS)
            for number, rows in enumerate(_rows(options, recognizer, left, wanted), before + 1):
                # At once, so that a table that was cut off ends with a whole picture's rows.
                csv.writer(table).writerows([map(harmless, row) for row in rows])
                table.flush()
                show(number, number / len(files))
    except OSError as error:
        raise StorageError(
            f"{out} cannot be written ({reason(error)}): choose another file for --out."
        ) from error
    by_earlier = f", {before:,} of them by an earlier run" if before else ""
    print(f"{len(files):,} pictures read into {out}{by_earlier}.")
    return 0


def _rows(
    options: argparse.Namespace, recognizer: Any, files: list[str], wanted: dict[str, Any]
) -> Iterator[list[tuple[str, ...]]]:
    """Yield the rows of each picture, in order, read here or on a cluster."""
    from recognizer.numbers.files import read_rows

    if not options.cluster:
        yield from (read_rows(recognizer, file, wanted) for file in files)
        return
    try:
        from recognizer.cluster import client, pictures
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"--cluster needs {error.name}, which is not installed: run `make cluster`, or leave "
            "it out."
        ) from error
    tls = client.Tls(options.tls_ca_file, options.tls_cert, options.tls_key)
    model = registry.find_model(*options.model or [])
    with (
        client.connect(options.cluster, tls) as dask,
        pictures.NumberReader(dask, model, wanted) as reader,
    ):
        yield from (rows for _, rows in reader.read(files))


def _resume(out: Path) -> set[str]:
    """Return the files that a table holds already; the last one is taken out, to be read again.

    It may have been cut off in the middle when the earlier run was stopped.
    """
    if not out.exists() or not out.stat().st_size:
        return set()
    with out.open(newline="", encoding="utf-8") as table:
        rows = list(csv.reader(table))
    if tuple(rows[0]) != COLUMNS:
        raise SettingError(
            f"{out} is another table: expected the columns {','.join(COLUMNS)} of an earlier run "
            "to go on with; choose another file for --out."
        )
    last = rows[-1][0] if len(rows) > 1 else None
    kept = [row for row in rows[1:] if row[0] != last]
    part = out.with_name(out.name + ".part")
    with part.open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows([COLUMNS, *kept])
    part.replace(out)
    return {row[0] for row in kept}
